package io.embark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.onnx.TinyModels;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A partition of any size goes through in constant memory. Driver and executor are one JVM here, so
 * one number bounds both: the heap that is live after a full collection, taken every few thousand
 * rows while the rows pass by.
 */
class ConstantMemoryTest {
  private static final int FEW = 10_000;
  private static final int MANY = 200_000;
  private static final int SAMPLES = 20;
  private static final int MIB = 1 << 20;

  /**
   * What may differ between the two: noise of a JVM in which Spark lives. With a buffer of ten
   * million rows (and the four million characters that bound it too) the difference is 383 MiB.
   */
  private static final int ALLOWED_MIB = 48;

  private static final AtomicLong PEAK = new AtomicLong();
  private static final AtomicLong ROWS = new AtomicLong();

  @TempDir static Path model;

  @Test
  void liveHeapDoesNotGrowWithThePartition() {
    // The shapes of MiniLM at next to no cost.
    TinyModels.graph().hiddenSize(384).writeDirectory(model);
    peakMiB(FEW); // loads classes and the model
    long few = peakMiB(FEW);
    long many = peakMiB(MANY);
    System.out.printf(
        "Peak live heap: %d MiB for %,d rows, %d MiB for %,d.%n", few, FEW, many, MANY);
    assertThat(many - few).as("MiB more for %d times the rows", MANY / FEW).isLessThan(ALLOWED_MIB);
  }

  private static long peakMiB(int rows) {
    PEAK.set(0);
    ROWS.set(0);
    Dataset<Row> texts =
        LocalSpark.session()
            .range(0, rows, 1, 1)
            .selectExpr("id", "concat('short text of row number ', id) as text");
    Dataset<Row> embedded =
        new TextEmbedder()
            .setModel(model.toString())
            .setDevice("cpu")
            // Three buffers at a time.
            .setPrefetch("2")
            .transform(texts);
    int every = rows / SAMPLES;
    MapPartitionsFunction<Row, Row> watch = partition -> new Watched(partition, every);
    embedded
        .mapPartitions(watch, Encoders.row(embedded.schema()))
        .write()
        .format("noop")
        .mode("overwrite")
        .save();
    assertThat(ROWS).hasValue(rows);
    return PEAK.get() / MIB;
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
