package io.embark.spark.column;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Embedding;
import io.embark.embed.EmbeddingStream;
import io.embark.embed.Setting;
import io.embark.spark.TextEmbedder;
import io.embark.spark.executor.Canary;
import io.embark.spark.executor.ExecutorEmbedders;
import io.embark.spark.executor.TaskStreams;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.metrics.JvmMetrics;
import java.util.Iterator;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;

/**
 * Embeds a column of texts, text by text: the work of {@link TextEmbedder} on one partition.
 *
 * @param textIndex the column
 * @param columns what is added to each row
 * @param vectors how many vectors each text has
 * @param post what happens to vectors after the model; null for nothing. Sent once to each
 *     executor, not with each task: it may hold millions of numbers
 */
public record EmbedColumnTask(
    EmbedderConfig config,
    Canary canary,
    int textIndex,
    EmbeddingColumns columns,
    int vectors,
    Broadcast<PostStep> post,
    EmbeddingMetrics counted)
    implements RowWork {

  @Override
  public Iterator<InternalRow> over(Iterator<InternalRow> rows) {
    JoinedRow joined = new JoinedRow();
    return TaskStreams.endWithTask(
        new EmbeddingStream<InternalRow, InternalRow>(
            embedder(),
            rows,
            this::text,
            (row, embedding) -> joined.apply(row, values(embedding)),
            JvmMetrics.and(counted)));
  }

  Embedder embedder() {
    return canary.require(ExecutorEmbedders.get(config));
  }

  String text(InternalRow row) {
    return row.isNullAt(textIndex) ? null : row.getUTF8String(textIndex).toString();
  }

  InternalRow values(Embedding embedding) {
    Embedding stored = post == null ? embedding : post.value().of(embedding);
    return columns.values(stored, vectors, config.get(Setting.TOKEN_STATES));
  }
}
