package io.embark.spark.column;

import io.embark.embed.DocumentStream;
import io.embark.embed.Embedder;
import io.embark.embed.Embedding;
import io.embark.spark.executor.TaskStreams;
import io.embark.spark.metrics.JvmMetrics;
import io.embark.text.Chunk;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.types.StructType;

/**
 * Embeds the documents of one partition, chunk by chunk.
 *
 * @param embed embeds texts
 * @param input the schema of the rows that hold the documents
 */
public record DocumentTask(EmbedColumnTask embed, ChunkColumns columns, StructType input)
    implements RowWork {

  @Override
  public Iterator<InternalRow> over(Iterator<InternalRow> rows) {
    Embedder embedder = embed.embedder();
    DocumentStream<InternalRow, InternalRow> documents =
        new DocumentStream<>(
            embedder,
            columns.chunking().of(embedder),
            columns.chunking().mode(),
            rows,
            embed::text,
            new Rows(),
            JvmMetrics.and(embed.counted()));
    TaskStreams.endWithTask(documents.embeddings());
    return documents;
  }

  private final class Rows implements DocumentStream.Results<InternalRow, InternalRow> {
    @Override
    public InternalRow ofChunk(InternalRow row, Chunk chunk, Embedding made) {
      return joined(columns.withTextOf(chunk, row, input), made, columns.ofChunk(chunk));
    }

    @Override
    public InternalRow ofDocument(InternalRow row, int chunks, Embedding merged) {
      return joined(row, merged, columns.ofDocument(chunks));
    }

    private InternalRow joined(InternalRow row, Embedding embedding, InternalRow added) {
      return new JoinedRow(new JoinedRow(row, embed.values(embedding)), added);
    }
  }
}
