package io.embark.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * The live heap while rows pass by: local tasks run in the driver's JVM, so that one number bounds
 * driver and executor.
 *
 * @param peak in bytes, the most after any full collection
 * @param rows that passed by
 */
record LiveHeap(long peak, long rows) {
  private static final AtomicLong PEAK = new AtomicLong();
  private static final AtomicLong ROWS = new AtomicLong();

  /**
   * Sends rows to nowhere; one such measurement at a time.
   *
   * @param every so many rows the heap is collected and measured
   */
  static LiveHeap of(Dataset<Row> rows, int every) {
    PEAK.set(0);
    ROWS.set(0);
    MapPartitionsFunction<Row, Row> watch = partition -> new Watched(partition, every);
    rows.mapPartitions(watch, Encoders.row(rows.schema()))
        .write()
        .format("noop")
        .mode("overwrite")
        .save();
    return new LiveHeap(PEAK.get(), ROWS.get());
  }

  /** Behind the embedder: when a row comes by here, everything that it holds back is live. */
  private record Watched(Iterator<Row> rows, int every) implements Iterator<Row> {
    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Row next() {
      Row row = rows.next();
      // In the middle of each stretch too: a buffer that is just filled is the largest.
      if (ROWS.getAndIncrement() % every == every / 2) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        memory.gc();
        PEAK.accumulateAndGet(memory.getHeapMemoryUsage().getUsed(), Math::max);
      }
      return row;
    }
  }
}
