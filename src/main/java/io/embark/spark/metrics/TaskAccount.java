package io.embark.spark.metrics;

import io.embark.spark.TextEmbedder;
import java.io.Serializable;

/**
 * What one task did for one call of {@link TextEmbedder#transform}.
 *
 * @param work what was done: attempts at the same have the same
 * @param executor id of the executor, {@code driver} in local mode
 * @param host where it ran
 * @param counts by ordinal of {@link TaskCounter}; not to be changed
 */
record TaskAccount(Work work, String executor, String host, long[] counts) implements Serializable {

  /**
   * What is done once, however often it is computed.
   *
   * @param query that it was done for
   * @param call number of the call of transform
   * @param partition number of the partition within its stage
   */
  record Work(String query, int call, int partition) implements Serializable {}

  int partition() {
    return work.partition();
  }

  long get(TaskCounter counter) {
    return counts[counter.ordinal()];
  }

  boolean isEmpty() {
    for (long count : counts) {
      if (count != 0) {
        return false;
      }
    }
    return true;
  }
}
