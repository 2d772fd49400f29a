package io.embark.spark.column;

import io.embark.embed.DocumentStream;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Embedding;
import io.embark.embed.EmbeddingStream;
import io.embark.embed.Setting;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.ExecutorEmbedders;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.metrics.JvmMetrics;
import io.embark.spark.wire.Sent;
import io.embark.text.Chunk;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.types.StructType;

/**
 * The work of {@code TextEmbedder} on one partition: embeds a column of texts, text by text.
 *
 * @param vectors how many vectors each text has
 * @param post maps vectors after the model; null for nothing. Sent once to each executor, not with
 *     each task: it may hold millions of numbers
 */
public record EmbedColumnTask(
    EmbedderConfig config,
    Canary canary,
    int textIndex,
    EmbeddingColumns columns,
    int vectors,
    Sent<PostStep> post,
    EmbeddingMetrics counted)
    implements InternalRows.Work {

  /** A row and the file it comes from. */
  private record Read(InternalRow row, InputBlock block) {}

  @Override
  public Iterator<InternalRow> over(Iterator<InternalRow> rows) {
    JoinedRow joined = new JoinedRow();
    boolean states = config.get(Setting.TOKEN_STATES);
    return ExecutorEmbedders.endWithTask(
        new EmbeddingStream<Read, InternalRow>(
            embedder(),
            InputBlock.of(rows, Read::new),
            read -> InternalRows.text(read.row(), textIndex),
            (read, embedding) -> {
              read.block().putBack();
              return joined.apply(read.row(), values(embedding, states));
            },
            JvmMetrics.and(counted)));
  }

  /** The same work chunk by chunk, on rows of the schema {@code input}. */
  public InternalRows.Work onDocuments(ChunkColumns chunked, StructType input) {
    return rows -> documents(rows, chunked, input);
  }

  private Iterator<InternalRow> documents(
      Iterator<InternalRow> rows, ChunkColumns chunked, StructType input) {
    boolean states = config.get(Setting.TOKEN_STATES);
    DocumentStream.Results<InternalRow, InternalRow> results =
        new DocumentStream.Results<>() {
          @Override
          public InternalRow ofChunk(InternalRow row, Chunk chunk, Embedding made) {
            InternalRow ofChunk = chunked.withTextOf(chunk, row, input);
            return joined(ofChunk, made, chunked.ofChunk(chunk));
          }

          @Override
          public InternalRow ofDocument(InternalRow row, int chunks, Embedding merged) {
            return joined(row, merged, chunked.ofDocument(chunks));
          }

          private InternalRow joined(InternalRow row, Embedding embedding, InternalRow added) {
            return new JoinedRow(new JoinedRow(row, values(embedding, states)), added);
          }
        };
    Embedder embedder = embedder();
    DocumentStream<InternalRow, InternalRow> documents =
        new DocumentStream<>(
            embedder,
            chunked.chunking().chunker(embedder),
            chunked.chunking().mode(),
            rows,
            row -> InternalRows.text(row, textIndex),
            results,
            JvmMetrics.and(counted));
    ExecutorEmbedders.endWithTask(documents.embeddings());
    return documents;
  }

  private Embedder embedder() {
    return canary.require(ExecutorEmbedders.get(config));
  }

  /** Settings are texts, so those that a row needs are read before the first one. */
  private InternalRow values(Embedding embedding, boolean states) {
    Embedding stored = post == null ? embedding : post.value().apply(embedding);
    return columns.values(stored, vectors, states);
  }
}
