package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.embark.onnx.BertModels;
import io.embark.onnx.ExternalWeights;
import io.embark.onnx.Sessions;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.testing.Poolings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pooling added to exported BERT models. */
class PooledGraphTest {
  private static final int H = BertModels.HIDDEN;

  @TempDir Path folder;

  private static List<GraphOutput> everyPooling(PooledGraph graph) {
    List<GraphOutput> outputs = new ArrayList<>();
    for (Pooling pooling : Poolings.ofBert()) {
      if (pooling.usesTokenStates()) {
        outputs.add(
            new PooledOutput(pooling.label() + "_low", pooling, Layers.of("0+2"), 0, Norm.NONE));
      }
      if (pooling.usesTokenStates() || graph.modelOutputs.pooler().isPresent()) {
        outputs.add(PooledOutput.of(pooling.label(), pooling));
      }
    }
    return outputs;
  }

  @ParameterizedTest
  @CsvSource({
    "bert-opset11,         1e-5",
    "bert-opset14,         1e-5",
    "bert-opset17,         1e-5",
    "bert-dynamo-opset21,  1e-5",
    "bert-opset14-fused,   1e-5",
    "bert-opset14-float16, 2e-2",
  })
  void aTextIsTheSameAloneInABatchAndPadded(String model, float tolerance) throws Exception {
    PooledGraph graph = BertModels.open("onnx/" + model + ".onnx", folder);
    try (OrtSession session = Sessions.open(graph.add(everyPooling(graph)))) {
      Map<String, float[]> batch = BertModels.run(session, BertModels.TEXTS, 12);
      Map<String, float[]> padded = BertModels.run(session, BertModels.TEXTS, 31);
      for (int row = 0; row < BertModels.TEXTS.size(); row++) {
        long[] text = BertModels.TEXTS.get(row);
        Map<String, float[]> alone = BertModels.run(session, List.of(text), text.length);
        for (String name : alone.keySet()) {
          assertThat(alone.get(name))
              .as("%s of text %d", name, row)
              .hasSize(H)
              .containsExactly(row(batch.get(name), row), within(tolerance))
              .containsExactly(row(padded.get(name), row), within(tolerance));
        }
      }
      assertThat(batch).hasSize(everyPooling(graph).size());
    }
  }

  private static float[] row(float[] vectors, int row) {
    return Arrays.copyOfRange(vectors, row * H, (row + 1) * H);
  }

  /** On a real model's states, from the same pass; the poolings differ from each other too. */
  @ParameterizedTest
  @CsvSource({"bert-opset14, -1", "bert-opset14, last4", "bert-opset11, -2"})
  void agreesWithTheHost(String model, String layers) throws Exception {
    PooledGraph graph = BertModels.open("onnx/" + model + ".onnx", folder);
    List<GraphOutput> outputs = new ArrayList<>();
    outputs.add(new TokenStatesOutput("states", Layers.of(layers)));
    List<Pooling> poolings =
        Arrays.stream(Poolings.ofBert()).filter(Pooling::usesTokenStates).toList();
    for (Pooling pooling : poolings) {
      outputs.add(new PooledOutput(pooling.label(), pooling, Layers.of(layers), 0, Norm.NONE));
    }
    Map<String, float[]> found = BertModels.run(graph.add(outputs));
    long[] mask = new long[4 * 12];
    for (int row = 0; row < 4; row++) {
      Arrays.fill(mask, row * 12, row * 12 + BertModels.TEXTS.get(row).length, 1);
    }
    TokenStates states = new TokenStates(found.get("states"), mask, null, 4, 12, H);
    for (int row = 0; row < 4; row++) {
      for (Pooling pooling : poolings) {
        float[] wanted = pooling.pool(states, row);
        assertThat(row(found.get(pooling.label()), row))
            .as("%s of text %d", pooling, row)
            .containsExactly(wanted, within(1e-5f));
      }
    }
    for (Pooling one : poolings) {
      for (Pooling other : poolings) {
        float[] vectors = found.get(one.label());
        float[] others = found.get(other.label());
        double difference = 0;
        for (int i = 0; i < vectors.length; i++) {
          difference = Math.max(difference, Math.abs(vectors[i] - others[i]));
        }
        assertThat(difference > 0.1).as("%s differs from %s", one, other).isEqualTo(one != other);
      }
    }
  }

  @Test
  void theSessionReturnsWhatWasAskedAndNothingElse() throws Exception {
    PooledGraph graph = BertModels.open("onnx/bert-opset14.onnx", folder);
    PooledModel model =
        graph.add(
            List.of(
                new PooledOutput("short", Pooling.MEAN, Layers.LAST, 4, Norm.L2),
                new TokenStatesOutput("states", Layers.LAST)),
            PoolingMask.SEPARATE);
    assertThat(model.outputs())
        .containsExactly(
            new PooledModel.Output("short", 2, 4), new PooledModel.Output("states", 3, H));
    assertThat(model.inputs()).contains(PooledGraph.POOLING_MASK);
    assertThat(model.externalDataFolder()).isEmpty();
    try (OrtSession session = Sessions.open(model)) {
      assertThat(session.getInputNames())
          .containsExactly("input_ids", "attention_mask", "token_type_ids", "pooling_mask");
      assertThat(session.getOutputInfo().keySet()).containsExactly("short", "states");
      NodeInfo info = session.getOutputInfo().get("short");
      assertThat(((TensorInfo) info.getInfo()).getShape()).containsExactly(-1, 4);
    }
  }

  @Test
  void dropsThePoolerUnlessItIsAskedFor() throws Exception {
    PooledGraph graph = BertModels.open("onnx/bert-opset14.onnx", folder);
    ModelProto mean =
        ModelProto.parseFrom(graph.add(List.of(PooledOutput.of("m", Pooling.MEAN))).bytes());
    ModelProto pooler =
        ModelProto.parseFrom(graph.add(List.of(PooledOutput.of("p", Pooling.POOLER))).bytes());
    assertThat(operators(mean)).doesNotContain("Gemm");
    assertThat(operators(pooler)).contains("Gemm");
    assertThat(weights(mean)).noneMatch(name -> name.contains("pooler"));
    assertThat(weights(pooler)).anyMatch(name -> name.contains("pooler"));
  }

  private static List<String> operators(ModelProto model) {
    return model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  private static List<String> weights(ModelProto model) {
    return model.getGraph().getInitializerList().stream().map(TensorProto::getName).toList();
  }

  /** Even where nothing reads them any more, as below the first attention. */
  @Test
  void keepsEveryInput() throws Exception {
    PooledGraph graph = BertModels.open("onnx/bert-opset14.onnx", folder);
    PooledModel model = graph.add(List.of(new TokenStatesOutput("s", Layers.of("0"))));
    assertThat(BertModels.run(model).get("s")).hasSize(4 * 12 * H);
    assertThat(ModelProto.parseFrom(model.bytes()).getGraph().getInputList())
        .extracting(ValueInfoProto::getName)
        .containsExactly("input_ids", "attention_mask", "token_type_ids");
  }

  @Test
  void readsWeightsInOtherFilesWhereTheyLie() throws Exception {
    ModelProto whole = ModelFile.read(BertModels.copy("onnx/bert-opset14.onnx", folder));
    Path file = ExternalWeights.save(whole, folder, "weights.bin");
    PooledGraph graph = PooledGraph.of(file);
    List<GraphOutput> outputs = everyPooling(graph);
    PooledModel model = graph.add(outputs);
    PooledModel reference = PooledGraph.of(StatesModel.save(folder, whole)).add(outputs);

    assertThat(model.externalDataFolder()).contains(folder.toAbsolutePath());
    assertThat(model.bytes().length)
        .isLessThan(reference.bytes().length - (int) Files.size(folder.resolve("weights.bin")) / 2);
    Map<String, float[]> found = BertModels.run(model);
    BertModels.run(reference)
        .forEach((name, vectors) -> assertThat(found.get(name)).as(name).isEqualTo(vectors));
  }

  /** A model of gigabytes must not pass through the heap of an executor. */
  @Test
  void largeWeightsStayInTheFileTheyAreIn() throws Exception {
    Path file = BertModels.copy("all-minilm-l6-v2.onnx", folder);
    assertThat(Files.size(file)).isGreaterThan(90_000_000);
    PooledModel model = PooledGraph.of(file).add(List.of(PooledOutput.of("vector", Pooling.MEAN)));
    assertThat(model.bytes()).hasSizeLessThan(1_000_000);
    assertThat(model.externalDataFolder()).contains(folder.toAbsolutePath());
    assertThat(BertModels.run(model).get("vector")).hasSize(4 * 384);
  }

  @Test
  void saysWhichOtherFileIsMissing() throws Exception {
    ModelProto whole = ModelFile.read(BertModels.copy("onnx/bert-opset14.onnx", folder));
    Path file = ExternalWeights.save(whole, folder, "weights.bin");
    Path weights = folder.resolve("weights.bin");
    long size = Files.size(weights);
    Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), (int) size - 1));
    assertThatThrownBy(() -> PooledGraph.of(file))
        .hasMessageContaining(
            "weights.bin`, which has " + (size - 1) + " bytes, wanted are " + size);
    Files.delete(weights);
    assertThatThrownBy(() -> PooledGraph.of(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("weights.bin`, which is missing");
    Path outside = ExternalWeights.save(whole, folder, "../" + folder.getFileName() + ".bin");
    assertThatThrownBy(() -> PooledGraph.of(outside))
        .hasMessageContaining("outside its own folder");
    Files.delete(folder.resolveSibling(folder.getFileName() + ".bin"));
  }

  /** The host refuses such a row; the graph cannot, and must not return NaN. */
  @Test
  void aRowWithoutAnyTokenGivesZeros() throws Exception {
    Path file = StatesModel.save(folder, StatesModel.of(14, DataType.FLOAT));
    List<PooledOutput> outputs = new ArrayList<>();
    for (Pooling pooling :
        List.of(Pooling.MEAN, Pooling.MEAN_SQRT_LEN, Pooling.WEIGHTED_MEAN, Pooling.MAX)) {
      outputs.add(new PooledOutput(pooling.label(), pooling, Layers.LAST, 0, Norm.L2));
    }
    PooledModel model = PooledGraph.of(file).add(outputs, PoolingMask.SEPARATE);
    Map<String, OnnxTensor> feeds = new HashMap<>();
    float[] ones = new float[2 * StatesModel.HIDDEN];
    Arrays.fill(ones, 1);
    feeds.put("states", Sessions.floats(ones, false, 1, 2, StatesModel.HIDDEN));
    feeds.put("model_pooler", Sessions.floats(new float[5], false, 1, StatesModel.HIDDEN));
    feeds.put("attention_mask", Sessions.longs(new long[] {1, 1}, 1, 2));
    feeds.put("pooling_mask", Sessions.longs(new long[2], 1, 2));
    try (OrtSession session = Sessions.open(model)) {
      Sessions.run(session, feeds)
          .forEach((name, vector) -> assertThat(vector).as(name).containsOnly(0f));
    }
  }
}
