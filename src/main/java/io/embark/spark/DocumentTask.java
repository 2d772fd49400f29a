package io.embark.spark;

import io.embark.embed.DocumentStream;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Embedding;
import io.embark.embed.Setting;
import io.embark.text.Chunk;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.Row;

/**
 * Embeds the documents of one partition, chunk by chunk.
 *
 * @param vectors how many vectors each text has
 */
record DocumentTask(
    EmbedderConfig config,
    Canary canary,
    EmbeddingColumns embedding,
    ChunkColumns columns,
    int vectors,
    EmbeddingMetrics counted)
    implements Serializable {

  Iterator<Row> over(Iterator<Row> rows) {
    Embedder embedder = canary.require(ExecutorEmbedders.get(config));
    int text = columns.textIndex();
    DocumentStream<Row, Row> documents =
        new DocumentStream<>(
            embedder,
            columns.chunking().of(embedder),
            columns.chunking().mode(),
            rows,
            row -> row.isNullAt(text) ? null : row.getString(text),
            new Rows(),
            counted);
    TaskStreams.endWithTask(documents.embeddings());
    return documents;
  }

  private final class Rows implements DocumentStream.Results<Row, Row> {
    private final boolean states = config.get(Setting.TOKEN_STATES);

    @Override
    public Row ofChunk(Row row, Chunk chunk, Embedding made) {
      return columns.ofChunk(embedding.append(row, made, vectors, states), chunk);
    }

    @Override
    public Row ofDocument(Row row, int chunks, Embedding merged) {
      return columns.ofDocument(embedding.append(row, merged, vectors, states), chunks);
    }
  }
}
