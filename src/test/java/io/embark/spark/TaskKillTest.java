package io.embark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.onnx.TinyModels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tasks that end early leave no thread behind. The bounds are generous: they guard from hanging.
 */
@Timeout(180)
class TaskKillTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir static Path model;

  @BeforeAll
  static void write() {
    TinyModels.graph().hiddenSize(4).writeDirectory(model);
  }

  private static Dataset<Row> endless(SparkSession spark) {
    return spark
        .range(0, 1L << 40, 1, 2)
        .selectExpr("id", "concat('short text of row number ', id) as text");
  }

  private static Dataset<Row> embedded(SparkSession spark) {
    return new TextEmbedder()
        .setModel(model.toString())
        .setDevice("cpu")
        .setPrefetch("2")
        .transform(endless(spark));
  }

  private static List<String> batchThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("embark-batches"))
        .toList();
  }

  private static void awaitThreads(int count) throws InterruptedException {
    long deadline = System.nanoTime() + SOON.toNanos();
    while (batchThreads().size() != count && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(batchThreads()).hasSize(count);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCancelledJobEndsItsThreads(boolean interrupt) throws InterruptedException {
    SparkSession spark = LocalSpark.session();
    SparkContext context = spark.sparkContext();
    CompletableFuture<Void> job =
        CompletableFuture.runAsync(
            () -> {
              context.setJobGroup("to be killed", "never ends by itself", interrupt);
              embedded(spark).write().format("noop").mode("overwrite").save();
            });
    awaitThreads(2);
    context.cancelJobGroup("to be killed");
    awaitThreads(0);
    assertThatThrownBy(() -> job.get(SOON.toSeconds(), TimeUnit.SECONDS))
        .hasStackTraceContaining("cancelled");
  }

  @Test
  void aLimitEndsItsThreads() throws InterruptedException {
    assertThat(embedded(LocalSpark.session()).limit(10).collectAsList()).hasSize(10);
    awaitThreads(0);
  }

  @Test
  void aLimitOnSqlEndsItsThreads() throws InterruptedException {
    SparkSession spark = SqlSpark.session();
    endless(spark).createOrReplaceTempView("endless");
    spark.conf().set("spark.embark.prefetch", "1");
    try {
      // The filter keeps the limit above the embedding.
      String query =
          "SELECT id, v FROM (SELECT id, embed_text(text, '%s') v FROM endless) WHERE size(v) = 4"
              .formatted(model);
      assertThat(spark.sql(query).limit(10).collectAsList()).hasSize(10);
    } finally {
      spark.conf().unset("spark.embark.prefetch");
    }
    awaitThreads(0);
  }
}
