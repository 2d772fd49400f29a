package io.embark.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.embed.EmbedderConfig;
import io.embark.onnx.Device;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorEmbeddersTest {
  private static final CountDownLatch HELD = new CountDownLatch(1);
  private static final CountDownLatch DONE = new CountDownLatch(1);
  @TempDir static Path model;

  @BeforeAll
  static void write() throws Exception {
    TinyModels.graph().hiddenSize(8).writeDirectory(model);
  }

  private static EmbedderConfig config(int maxLength) {
    return EmbedderConfig.of(model.toString()).toBuilder()
        .device(Device.CPU)
        .maxLength(maxLength)
        .build();
  }

  /** In local mode the driver shares the limit with the tasks. */
  @Test
  void theDriversModelStaysOpenWhileTasksHoldAsManyAsAreKept() throws Exception {
    // Told by it, the driver opens what the tasks open.
    SparkSession.setActiveSession(LocalSpark.session());
    List<EmbedderConfig> held = new ArrayList<>();
    for (int i = 0; i < ExecutorSettings.ofThisJvm().models(); i++) {
      held.add(ModelFacts.of(config(64 + i)).config());
    }
    ForeachPartitionFunction<Long> hold =
        ids -> {
          held.forEach(ExecutorEmbedders::get);
          HELD.countDown();
          DONE.await(60, TimeUnit.SECONDS);
        };
    CompletableFuture<Void> job =
        CompletableFuture.runAsync(
            () -> LocalSpark.session().range(0, 1, 1, 1).foreachPartition(hold));
    try {
      assertThat(HELD.await(60, TimeUnit.SECONDS)).isTrue();
      ModelFacts facts = ModelFacts.of(config(32));
      // A closed embedder would have made a canary of no sentences, which reads nothing.
      assertThat(ExecutorEmbedders.with(facts.config(), facts.canary()::read))
          .isNotNull()
          .matches(Canary.Reading::within);
    } finally {
      DONE.countDown();
      job.get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void withoutATaskNobodyKeepsAnEmbedder() {
    LocalSpark.session();
    assertThatThrownBy(() -> ExecutorEmbedders.get(config(16)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("task");
    float[][] vectors =
        ExecutorEmbedders.with(
            ModelFacts.of(config(16)).config(), embedder -> embedder.embed(List.of("one", "two")));
    assertThat(vectors).hasDimensions(2, 8);
  }
}
