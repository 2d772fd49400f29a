package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.testing.TinyModels;
import io.embark.token.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

  private static final List<TokenStatesOutput> STATES =
      List.of(new TokenStatesOutput("states", Layers.LAST));
  private static final List<PooledOutput> POOLER =
      List.of(PooledOutput.of("pooled", Pooling.POOLER));

  private OnnxEncoder open(TinyModels graph) {
    return open(graph, STATES);
  }

  private OnnxEncoder open(TinyModels graph, List<? extends GraphOutput> outputs) {
    return Encoders.open(
        graph.write(directory.resolve("model.onnx")), outputs, PoolingMask.ATTENTION);
  }

  private static TokenStates states(OnnxEncoder encoder, Batch batch) {
    return new TokenStates(
        Encoders.encode(encoder, batch, null).get(0),
        batch.attentionMask(),
        null,
        batch.size(),
        batch.length(),
        encoder.outputs().get(0).dim());
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
    try (OnnxEncoder encoder = open(graph)) {
      assertThat(encoder.outputs()).containsExactly(new PooledModel.Output("states", 3, 6));
      assertStates(graph, states(encoder, BATCH));
    }
  }

  @Test
  void inputsAndOutputsMayDiffer() {
    List<TinyModels> graphs =
        List.of(
            TinyModels.graph().withoutInput("token_type_ids"),
            TinyModels.graph().intInputs(),
            TinyModels.graph().hiddenName("1234").poolerName("882"),
            TinyModels.graph().poolerName(null));
    for (TinyModels graph : graphs) {
      try (OnnxEncoder encoder = open(graph.hiddenSize(5))) {
        assertStates(graph, states(encoder, BATCH));
      }
    }
  }

  @Test
  void thePoolerIsFoundUnderAnyName() {
    for (String name : List.of("pooler_output", "882")) {
      TinyModels graph = TinyModels.graph().hiddenSize(5).hiddenName("1234").poolerName(name);
      try (OnnxEncoder encoder = open(graph, POOLER)) {
        float[] both = Encoders.encode(encoder, BATCH, null).get(0);
        assertThat(Arrays.copyOfRange(both, 0, 5)).containsExactly(graph.pooled(101));
        assertThat(Arrays.copyOfRange(both, 5, 10)).containsExactly(graph.pooled(5));
      }
    }
  }

  @Test
  void aGraphThatCannotBeFedIsRefusedWithWhatWasFound() {
    assertRefused(TinyModels.graph().moreInput("pixel_values"), STATES, "'pixel_values'");
    assertRefused(TinyModels.graph().withoutInput("attention_mask"), STATES, "attention_mask");
    assertRefused(
        TinyModels.graph().hiddenSize(5).hiddenName(null), STATES, "pooler_output", "rank 3");
    assertRefused(
        TinyModels.graph().hiddenSize(5).poolerName(null), POOLER, "last_hidden_state", "MEAN");
    // sentence-transformers' own pooling is not the model's pooler.
    assertRefused(
        TinyModels.graph().poolerName("sentence_embedding"), POOLER, "sentence_embedding", "MEAN");
  }

  private void assertRefused(
      TinyModels graph, List<? extends GraphOutput> outputs, String... said) {
    assertThatThrownBy(() -> open(graph, outputs))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(said);
  }

  @Test
  void aFileThatIsNoGraphIsRefused() throws Exception {
    Path file = Files.writeString(directory.resolve("model.onnx"), "no graph at all");
    Path missing = directory.resolve("nowhere.onnx");
    for (Path path : List.of(file, missing)) {
      assertThatThrownBy(() -> Encoders.open(path, STATES, PoolingMask.ATTENTION))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(path.toString());
    }
  }

  @Test
  void aBatchThatFailsSaysSoAndTheNextOneRuns() {
    TinyModels graph = TinyModels.graph().hiddenSize(4).failingFromId(1000);
    Batch good = Batch.of(List.of(new Tokens(new long[] {5, 6}, 2)), new int[] {0}, 0);
    try (OnnxEncoder encoder = open(graph)) {
      assertThatThrownBy(() -> Encoders.encode(encoder, BATCH, null))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("2 rows x 4 tokens")
          .hasMessageContaining("30521");
      assertThat(Pooling.CLS.pool(states(encoder, good), 0)).containsExactly(graph.state(5));
    }
  }

  @Test
  void closedTwiceAndUsedAfterwards() {
    OnnxEncoder encoder = open(TinyModels.graph().hiddenSize(4));
    encoder.close();
    encoder.close();
    assertThatThrownBy(() -> Encoders.encode(encoder, BATCH, null))
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
        assertThat(Encoders.encode(encoder, batch, null).get(0)).hasSize(batch.paddedTokens() * 64);
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
