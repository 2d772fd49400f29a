package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import io.embark.onnx.Sessions;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.testing.Poolings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pooling in the graph is the {@link Pooling} of the host, on whatever states and masks. */
class PooledGraphPropertyTest {
  private static final int HIDDEN = StatesModel.HIDDEN;
  private static final int CASES = 40;

  @TempDir Path folder;

  /** Every pooling, alone, normalised, and cut then normalised. */
  private static List<PooledOutput> everyOutput() {
    List<PooledOutput> outputs = new ArrayList<>();
    for (Pooling pooling : Poolings.ofBert()) {
      String name = pooling.label();
      outputs.add(PooledOutput.of(name, pooling));
      outputs.add(new PooledOutput(name + "_l2", pooling, Layers.LAST, 0, Norm.L2));
      outputs.add(new PooledOutput(name + "_cut", pooling, Layers.LAST, 3, Norm.NONE));
      outputs.add(new PooledOutput(name + "_cut_l2", pooling, Layers.LAST, 3, Norm.L2));
    }
    return outputs;
  }

  @ParameterizedTest(name = "opset {0}, {1}, {2}")
  @CsvSource({
    "11, FLOAT, ATTENTION", "11, FLOAT16, SEPARATE", "13, FLOAT, SEPARATE",
    "13, FLOAT16, ATTENTION", "14, FLOAT, ATTENTION", "14, FLOAT16, SEPARATE",
    "17, FLOAT, SEPARATE", "17, FLOAT16, ATTENTION", "18, FLOAT, ATTENTION",
    "18, FLOAT16, SEPARATE", "21, FLOAT, SEPARATE", "21, FLOAT16, ATTENTION",
    "22, FLOAT, ATTENTION", "23, FLOAT16, SEPARATE",
  })
  void agreesWithTheHost(int opset, DataType type, PoolingMask mask) throws Exception {
    Path file = StatesModel.save(folder, StatesModel.of(opset, type));
    PooledModel model = PooledGraph.of(file).add(everyOutput(), mask);
    try (OrtSession session = Sessions.open(model)) {
      for (int seed = 0; seed < CASES; seed++) {
        agrees(session, new Case(new Random(seed), type == DataType.FLOAT16, mask), "seed " + seed);
      }
    }
  }

  private static void agrees(OrtSession session, Case c, String what) throws Exception {
    Map<String, float[]> found = Sessions.run(session, c.feeds());
    assertThat(found).hasSize(everyOutput().size());
    for (PooledOutput output : everyOutput()) {
      float[] values = found.get(output.name());
      int dim = values.length / c.batch;
      for (int row = 0; row < c.batch; row++) {
        float[] wanted = Arrays.copyOf(output.pooling().pool(c.view(output), row), dim);
        output.ending().norm().apply(wanted);
        for (int h = 0; h < dim; h++) {
          assertThat(values[row * dim + h])
              .as("%s, %s, row %d of %d x %d, dim %d", what, output, row, c.batch, c.length, h)
              .isCloseTo(wanted[h], within(1e-5f * Math.max(1, Math.abs(wanted[h]))));
        }
      }
    }
  }

  /** Random states of random lengths, padded at either end or in between, poisoned there. */
  private static final class Case {
    final int batch;
    final int length;
    final boolean half;
    final float[] states;
    final float[] pooler;
    final long[] attention;
    final long[] pooled;
    final boolean separate;

    Case(Random random, boolean half, PoolingMask mask) {
      this.half = half;
      batch = 1 + random.nextInt(5);
      length = 1 + random.nextInt(random.nextInt(4) == 0 ? 600 : 12);
      // As large as float16 allows without any single state overflowing; the sum would.
      float scale = random.nextInt(3) == 0 ? 3000 : 1;
      float[] drawn = new float[batch * length * HIDDEN];
      attention = new long[batch * length];
      pooled = new long[batch * length];
      for (int row = 0; row < batch; row++) {
        mark(random, attention, row);
        for (int token = 0; token < length; token++) {
          int at = row * length + token;
          pooled[at] = attention[at] != 0 && random.nextInt(4) > 0 ? 1 : 0;
        }
        if (Arrays.stream(pooled, row * length, (row + 1) * length).sum() == 0) {
          System.arraycopy(attention, row * length, pooled, row * length, length);
        }
      }
      separate = mask == PoolingMask.SEPARATE;
      boolean poison = random.nextBoolean();
      float[] poisons = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e4f};
      for (int i = 0; i < drawn.length; i++) {
        boolean padding = attention[i / HIDDEN] == 0;
        // Away from zero on average, so that every weighting gives another vector.
        drawn[i] =
            padding && poison
                ? poisons[random.nextInt(poisons.length)]
                : scale * (float) (random.nextGaussian() + 0.5 * (i % HIDDEN) - 2);
      }
      states = half ? Sessions.roundedToHalf(drawn) : drawn;
      float[] own = new float[batch * HIDDEN];
      for (int i = 0; i < own.length; i++) {
        own[i] = (float) Math.tanh(random.nextGaussian());
      }
      pooler = half ? Sessions.roundedToHalf(own) : own;
    }

    private void mark(Random random, long[] mask, int row) {
      int tokens = 1 + random.nextInt(length);
      int from = random.nextInt(3) == 0 ? random.nextInt(length - tokens + 1) : 0;
      Arrays.fill(mask, row * length + from, row * length + from + tokens, 1);
      if (tokens > 2 && random.nextInt(4) == 0) {
        mask[row * length + from + 1 + random.nextInt(tokens - 2)] = 0;
      }
    }

    TokenStates view(PooledOutput output) {
      boolean position = output.pooling() == Pooling.CLS || output.pooling() == Pooling.LAST_TOKEN;
      long[] mask = separate && !position ? pooled : attention;
      return new TokenStates(states, mask, pooler, batch, length, HIDDEN);
    }

    Map<String, OnnxTensor> feeds() throws Exception {
      Map<String, OnnxTensor> feeds = new HashMap<>();
      feeds.put("states", Sessions.floats(states, half, batch, length, HIDDEN));
      feeds.put("model_pooler", Sessions.floats(pooler, half, batch, HIDDEN));
      feeds.put("attention_mask", Sessions.longs(attention, batch, length));
      if (separate) {
        feeds.put("pooling_mask", Sessions.longs(pooled, batch, length));
      }
      return feeds;
    }
  }
}
