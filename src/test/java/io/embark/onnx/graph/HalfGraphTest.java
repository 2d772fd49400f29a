package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.batch.Batch;
import io.embark.onnx.BertModels;
import io.embark.onnx.Encoders;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A graph whose weights and outputs are float16, through the session that jobs use. */
class HalfGraphTest {
  private static final List<Tokens> TEXTS =
      BertModels.TEXTS.stream().map(ids -> new Tokens(ids, ids.length)).toList();
  private static final Batch BATCH = Batch.of(TEXTS, IntStream.range(0, TEXTS.size()).toArray(), 0);

  @TempDir Path directory;

  private List<float[]> encode(String model) throws IOException {
    Path file = BertModels.copy("onnx/" + model + ".onnx", directory);
    List<GraphOutput> outputs =
        List.of(
            PooledOutput.of("mean_vector", Pooling.MEAN),
            PooledOutput.of("pooler_vector", Pooling.POOLER),
            new TokenStatesOutput("states", Layers.LAST));
    try (OnnxEncoder encoder = Encoders.open(file, outputs, PoolingMask.ATTENTION)) {
      return Encoders.encode(encoder, BATCH, null);
    }
  }

  @Test
  void outputsAreFloatsCloseToThoseOfTheFloatGraph() throws IOException {
    List<float[]> half = encode("bert-opset14-float16");
    List<float[]> full = encode("bert-opset14");
    for (int i = 0; i < full.size(); i++) {
      assertThat(half.get(i)).isNotEqualTo(full.get(i)).hasSameSizeAs(full.get(i));
    }
    assertThat(half.get(0)).containsExactly(full.get(0), within(2e-2f));
    assertThat(half.get(1)).containsExactly(full.get(1), within(2e-2f));
  }

  @Test
  void sumsAreMadeInFloat32() throws IOException {
    List<float[]> half = encode("bert-opset14-float16");
    int hidden = BertModels.HIDDEN;
    TokenStates states =
        new TokenStates(
            half.get(2), BATCH.attentionMask(), null, BATCH.size(), BATCH.length(), hidden);
    for (int row = 0; row < BATCH.size(); row++) {
      // Sums in float16 would be off by some 1e-3.
      assertThat(Arrays.copyOfRange(half.get(0), row * hidden, (row + 1) * hidden))
          .containsExactly(Pooling.MEAN.pool(states, row), within(1e-6f));
    }
  }
}
