package io.embark.spark;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.EmbeddingStream;
import io.embark.embed.Setting;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/** The work of {@link TextEmbedder} on one partition; all of it that goes to executors. */
final class EmbedColumnTask
    extends AbstractFunction1<
        scala.collection.Iterator<InternalRow>, scala.collection.Iterator<InternalRow>>
    implements Serializable {
  private static final long serialVersionUID = 1;

  private final EmbedderConfig config;
  private final int textIndex;
  private final EmbeddingColumns columns;
  private final int vectors;
  private final EmbeddingMetrics metrics;

  /**
   * @param textIndex the column of texts
   * @param columns what is added to each row
   */
  EmbedColumnTask(
      ModelFacts facts, int textIndex, EmbeddingColumns columns, EmbeddingMetrics metrics) {
    this.config = facts.config();
    this.vectors = facts.vectorNames().size();
    this.textIndex = textIndex;
    this.columns = columns;
    this.metrics = metrics;
  }

  @Override
  public scala.collection.Iterator<InternalRow> apply(
      scala.collection.Iterator<InternalRow> partition) {
    if (!partition.hasNext()) {
      // An empty partition must not load a model.
      return partition;
    }
    Iterator<InternalRow> rows = JavaConverters.asJavaIterator(partition);
    Iterator<InternalRow> kept =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return rows.hasNext();
          }

          @Override
          public InternalRow next() {
            // Rows are read ahead, and Spark's iterators hand out one row object again and again.
            return rows.next().copy();
          }
        };
    boolean states = config.get(Setting.TOKEN_STATES);
    JoinedRow joined = new JoinedRow();
    return JavaConverters.asScalaIterator(
        TaskStreams.endWithTask(
            new EmbeddingStream<InternalRow, InternalRow>(
                ExecutorEmbedders.get(config),
                kept,
                row -> row.isNullAt(textIndex) ? null : row.getUTF8String(textIndex).toString(),
                (row, embedding) -> joined.apply(row, columns.values(embedding, vectors, states)),
                metrics)));
  }
}
