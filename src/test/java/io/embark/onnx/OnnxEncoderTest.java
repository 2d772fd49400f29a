package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.batch.Batch;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.token.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class OnnxEncoderTest {
  private static final Batch BATCH =
      Batch.of(
          List.of(
              new Tokens(new long[] {101, 7, 8, 102}, 4), new Tokens(new long[] {5, 30_521}, 2)),
          new int[] {0, 1},
          0);

  @TempDir Path directory;

  private OnnxEncoder open(TinyModels graph) {
    return open(graph, false);
  }

  private OnnxEncoder open(TinyModels graph, boolean pooler) {
    return OnnxEncoder.open(
        graph.write(directory.resolve("model.onnx")), DeviceChoice.CPU, 1, pooler);
  }

  private static void assertStates(TinyModels graph, TokenStates states) {
    assertThat(Pooling.CLS.pool(states, 0)).containsExactly(graph.state(101));
    assertThat(Pooling.LAST_TOKEN.pool(states, 0)).containsExactly(graph.state(102));
    assertThat(Pooling.CLS.pool(states, 1)).containsExactly(graph.state(5));
    assertThat(Pooling.LAST_TOKEN.pool(states, 1)).containsExactly(graph.state(30_521));
  }

  @Test
  void statesAreThoseOfTheTokens() {
    TinyModels graph = TinyModels.graph().hiddenSize(6);
    try (OnnxEncoder encoder = open(graph, true)) {
      TokenStates states = encoder.encode(BATCH);
      assertThat(encoder.hiddenSize()).isEqualTo(6);
      assertThat(states.batch()).isEqualTo(2);
      assertThat(states.length()).isEqualTo(4);
      assertStates(graph, states);
      assertThat(Pooling.POOLER.pool(states, 0)).containsExactly(graph.pooled(101));
      assertThat(Pooling.POOLER.pool(states, 1)).containsExactly(graph.pooled(5));
    }
  }

  @Test
  void inputsAndOutputsMayDiffer() {
    List<TinyModels> graphs =
        List.of(
            TinyModels.graph().withoutInput("token_type_ids"),
            TinyModels.graph().intInputs(),
            TinyModels.graph().undeclaredHiddenSize(),
            TinyModels.graph().hiddenName("1234").poolerName("882"),
            TinyModels.graph().poolerName(null));
    for (TinyModels graph : graphs) {
      try (OnnxEncoder encoder = open(graph.hiddenSize(5))) {
        assertThat(encoder.hiddenSize()).isEqualTo(5);
        assertStates(graph, encoder.encode(BATCH));
      }
    }
  }

  @Test
  void thePoolerIsFoundUnderAnyName() {
    TinyModels graph = TinyModels.graph().hiddenSize(5).hiddenName("1234").poolerName("882");
    try (OnnxEncoder encoder = open(graph, true)) {
      assertThat(encoder.model().pooler()).isEqualTo("882");
      assertThat(Pooling.POOLER.pool(encoder.encode(BATCH), 1)).containsExactly(graph.pooled(5));
    }
  }

  @Test
  void aGraphThatCannotBeFedIsRefusedWithWhatWasFound() {
    assertThatThrownBy(() -> open(TinyModels.graph().moreInput("pixel_values")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'pixel_values'")
        .hasMessageContaining("attention_mask[-1, -1]");
    assertThatThrownBy(() -> open(TinyModels.graph().withoutInput("attention_mask")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs input_ids and attention_mask");
    assertThatThrownBy(() -> open(TinyModels.graph().hiddenSize(5).hiddenName(null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pooler_output[-1, 5]")
        .hasMessageContaining("rank 3");
    assertThatThrownBy(() -> open(TinyModels.graph().hiddenSize(5).poolerName(null), true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("last_hidden_state[-1, -1, 5]")
        .hasMessageContaining("Use mean");
    // sentence-transformers' own pooling is not the model's pooler.
    assertThatThrownBy(() -> open(TinyModels.graph().poolerName("sentence_embedding"), true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("none of them is a pooler output");
  }

  @Test
  void aFileThatIsNoGraphIsRefused() throws Exception {
    Path file = Files.writeString(directory.resolve("model.onnx"), "no graph at all");
    assertThatThrownBy(() -> OnnxEncoder.open(file, DeviceChoice.CPU, 1, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString());
    Path missing = directory.resolve("nowhere.onnx");
    assertThatThrownBy(() -> OnnxEncoder.open(missing, DeviceChoice.CPU, 1, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(missing.toString());
  }

  @Test
  void aBatchThatFailsSaysSoAndTheNextOneRuns() {
    TinyModels graph = TinyModels.graph().hiddenSize(4).failingFromId(1000);
    Batch good = Batch.of(List.of(new Tokens(new long[] {5, 6}, 2)), new int[] {0}, 0);
    try (OnnxEncoder encoder = open(graph)) {
      assertThatThrownBy(() -> encoder.encode(BATCH))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("2 rows x 4 tokens")
          .hasMessageContaining("30521");
      assertThat(Pooling.CLS.pool(encoder.encode(good), 0)).containsExactly(graph.state(5));
    }
  }

  @Test
  void closedTwiceAndUsedAfterwards() {
    OnnxEncoder encoder = open(TinyModels.graph().hiddenSize(4));
    encoder.close();
    encoder.close();
    assertThatThrownBy(() -> encoder.encode(BATCH))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  @Timeout(60)
  void closingWaitsForRunningBatches() throws Exception {
    TinyModels graph = TinyModels.graph().hiddenSize(64);
    List<Tokens> texts = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      texts.add(new Tokens(new long[256], 256));
    }
    Batch large = Batch.of(texts, java.util.stream.IntStream.range(0, 64).toArray(), 0);
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      for (int round = 0; round < 10; round++) {
        OnnxEncoder encoder = open(graph);
        CountDownLatch running = new CountDownLatch(3);
        List<Future<Integer>> done = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
          done.add(threads.submit(() -> encodeUntilClosed(encoder, large, running)));
        }
        running.await();
        encoder.close();
        for (Future<Integer> batches : done) {
          assertThat(batches.get(30, TimeUnit.SECONDS)).isPositive();
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static int encodeUntilClosed(OnnxEncoder encoder, Batch batch, CountDownLatch running) {
    for (int batches = 0; ; batches++) {
      try {
        assertThat(encoder.encode(batch).batch()).isEqualTo(batch.size());
        if (batches == 0) {
          running.countDown();
        }
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("closed");
        return batches;
      }
    }
  }
}
