package io.embark.spark.metrics;

import io.embark.spark.metrics.CountingStats.Counter;
import java.io.Serializable;
import java.util.Locale;

/**
 * Counts of some tasks added up, as they were at one moment.
 *
 * @param counts by ordinal of {@link Counter}; not to be changed
 */
public record TaskTotals(long[] counts) implements Serializable {

  long get(Counter counter) {
    return counts[counter.ordinal()];
  }

  /** Rows read, or chunks where texts are cut into chunks. */
  public long rows() {
    return get(Counter.ROWS);
  }

  /** Rows that are done, where rows() are those that were begun: a buffer of them at a time. */
  public long done() {
    return Math.min(rows(), texts() + get(Counter.WITHOUT_MODEL));
  }

  /** Texts that the model embedded. */
  public long texts() {
    return get(Counter.TEXTS);
  }

  /** As Spark's web UI shows it on the page of a stage. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%,d rows, %,d texts embedded, %,d tokens, %,d batches (%,d halved), %,d failed",
        rows(),
        texts(),
        get(Counter.TOKENS),
        get(Counter.BATCHES),
        get(Counter.HALVINGS),
        get(Counter.FAILED));
  }
}
