package io.embark.spark;

import java.io.Serializable;

/**
 * What one task did.
 *
 * @param key of the work: attempts at the same partition have the same key
 * @param partition number of the partition within its stage
 * @param executor id of the executor, {@code driver} in local mode
 * @param host where it ran
 * @param counts by ordinal of {@link TaskCounter}; not to be changed
 */
record TaskAccount(String key, int partition, String executor, String host, long[] counts)
    implements Serializable {

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
