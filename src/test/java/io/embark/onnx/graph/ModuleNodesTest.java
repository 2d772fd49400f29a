package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import io.embark.onnx.Sessions;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.GraphOutput.Ending;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.pooling.Activation;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.VectorModule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Modules in the graph are {@link VectorModule} on the host, in every opset. */
class ModuleNodesTest {
  private static final int HIDDEN = StatesModel.HIDDEN;
  private static final int ROWS = 4;
  private static final Random RANDOM = new Random(1);

  @TempDir Path folder;

  private static float[] random(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) RANDOM.nextGaussian();
    }
    return values;
  }

  private static VectorModule dense(int in, int out, float[] residual, Activation activation) {
    return new VectorModule.Dense(
        "dense", in, out, random(in * out), random(out), residual, activation);
  }

  private static List<List<VectorModule>> chains() {
    List<List<VectorModule>> chains = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      chains.add(List.of(dense(HIDDEN, 3, null, activation)));
    }
    VectorModule norm = new VectorModule.LayerNorm("norm", random(HIDDEN), random(HIDDEN));
    VectorModule unbiased =
        new VectorModule.Dense(
            "d", HIDDEN, 7, random(HIDDEN * 7), null, random(HIDDEN * 7), Activation.GELU);
    chains.add(List.of(norm));
    chains.add(List.of(new VectorModule.Normalize("n"), unbiased));
    chains.add(List.of(dense(HIDDEN, HIDDEN, new float[0], Activation.TANH), norm, unbiased));
    return chains;
  }

  @ParameterizedTest
  @ValueSource(ints = {11, 13, 17, 18, 21, 23})
  void agreeWithTheHost(int opset) throws Exception {
    List<PooledOutput> outputs = new ArrayList<>();
    for (List<VectorModule> chain : chains()) {
      for (Norm norm : Norm.values()) {
        for (boolean rescale : List.of(true, false)) {
          outputs.add(
              new PooledOutput(
                  "o" + outputs.size(),
                  Pooling.CLS,
                  Layers.LAST,
                  chain,
                  new Ending(outputs.size() % 3, norm, rescale)));
        }
      }
    }
    Path file = StatesModel.save(folder, StatesModel.of(opset, DataType.FLOAT));
    PooledModel model = PooledGraph.of(file).add(outputs);
    float[] states = random(ROWS * HIDDEN);
    long[] ones = new long[ROWS];
    Arrays.fill(ones, 1);
    Map<String, OnnxTensor> feeds = new HashMap<>();
    feeds.put("states", Sessions.floats(states, false, ROWS, 1, HIDDEN));
    feeds.put("model_pooler", Sessions.floats(new float[ROWS * HIDDEN], false, ROWS, HIDDEN));
    feeds.put("attention_mask", Sessions.longs(ones, ROWS, 1));
    try (OrtSession session = Sessions.open(model)) {
      Map<String, float[]> found = Sessions.run(session, feeds);
      for (PooledOutput output : outputs) {
        for (int row = 0; row < ROWS; row++) {
          float[] wanted = Arrays.copyOfRange(states, row * HIDDEN, (row + 1) * HIDDEN);
          for (VectorModule module : output.modules()) {
            wanted = module.apply(wanted);
          }
          wanted = output.ending().apply(wanted);
          float[] values = found.get(output.name());
          assertThat(values).hasSize(ROWS * wanted.length);
          assertThat(Arrays.copyOfRange(values, row * wanted.length, (row + 1) * wanted.length))
              .as("%s, row %d", output, row)
              .containsExactly(wanted, within(2e-5f));
        }
      }
    }
  }
}
