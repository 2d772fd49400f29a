package io.embark.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.batch.Batch;
import io.embark.onnx.Encoders;
import io.embark.onnx.OnnxEncoder;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShapesOnlyModelTest {
  @Test
  void statesAndVectorsHaveTheShapesOfBert(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("model.onnx");
    ShapesOnlyModel.write(file, 384);
    Batch batch =
        Batch.of(
            List.of(
                new Tokens(new long[] {101, 7, 30_000, 102}, 4),
                new Tokens(new long[] {5, 102}, 2)),
            new int[] {0, 1},
            0);
    try (OnnxEncoder encoder =
        Encoders.open(
            file,
            List.of(
                new TokenStatesOutput("states", Layers.LAST),
                PooledOutput.of("vector", Pooling.POOLER)),
            PoolingMask.ATTENTION)) {
      List<float[]> values = Encoders.encode(encoder, batch, null);
      assertThat(values.get(0)).hasSize(2 * 4 * 384);
      assertThat(values.get(1)).hasSize(2 * 384);
      float[] first = Arrays.copyOfRange(values.get(1), 0, 384);
      assertThat(first).doesNotHaveDuplicates();
      assertThat(values.get(1)[384]).isNotEqualTo(first[0]);
      for (float value : values.get(1)) {
        assertThat(value).isBetween(-1f, 1f);
      }
      // Alone, without padding, a text has the same vector.
      Batch alone = Batch.of(List.of(new Tokens(new long[] {5, 102}, 2)), new int[] {0}, 0);
      assertThat(Encoders.encode(encoder, alone, null).get(1))
          .containsExactly(Arrays.copyOfRange(values.get(1), 384, 768));
    }
  }
}
