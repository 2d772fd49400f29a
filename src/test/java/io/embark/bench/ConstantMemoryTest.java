package io.embark.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.spark.TextEmbedder;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
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
    LiveHeap heap = LiveHeap.of(embedded, rows / SAMPLES);
    assertThat(heap.rows()).isEqualTo(rows);
    return heap.peak() / MIB;
  }
}
