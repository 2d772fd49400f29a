package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtSession;
import io.embark.onnx.BertModels;
import io.embark.onnx.Sessions;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.pooling.Layers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EncoderLayersTest {
  @TempDir Path folder;

  private List<String> layers(Path file) {
    OnnxGraph graph = new OnnxGraph(ModelFile.read(file));
    return EncoderLayers.of(graph, ModelOutputs.of(graph.outputs, GraphTraits.UNKNOWN));
  }

  /** These keep the names of the torch modules, which recognition does not look at. */
  @ParameterizedTest
  @CsvSource({
    "all-minilm-l6-v2.onnx,  6, output_0",
    "bge-small-en-v1.5.onnx, 12, last_hidden_state",
    "e5-small-v2.onnx,       12, last_hidden_state",
  })
  void recognisesTheBuiltInModels(String resource, int count, String last) throws Exception {
    List<String> layers = layers(BertModels.copy(resource, folder));
    assertThat(layers.size() - 1).isEqualTo(count);
    assertThat(layers.get(0)).isEqualTo("/embeddings/LayerNorm/Add_1_output_0");
    for (int layer = 1; layer < count; layer++) {
      assertThat(layers.get(layer))
          .isEqualTo("/encoder/layer.%d/output/LayerNorm/Add_1_output_0", layer - 1);
    }
    assertThat(layers.get(count)).isEqualTo(last);
  }

  /**
   * One export states its layers, the others hold the same weights and do not. Float16 rounding
   * adds up over the layers; a wrong layer is off by more than 1.
   */
  @ParameterizedTest
  @CsvSource({
    "bert-opset11,         1e-5",
    "bert-opset14,         1e-5",
    "bert-opset17,         1e-5",
    "bert-dynamo-opset21,  1e-5",
    "bert-opset14-fused,   1e-5",
    "bert-opset14-float16, 0.1",
  })
  void recognisesRawExports(String model, float tolerance) throws Exception {
    Map<String, float[]> truth = truth();
    PooledGraph graph = BertModels.open("onnx/" + model + ".onnx", folder);
    assertThat(graph.encoderLayers()).hasSize(BertModels.LAYERS + 1);
    Map<String, float[]> found = BertModels.run(graph.add(everyLayer()));
    for (int layer = 0; layer <= BertModels.LAYERS; layer++) {
      assertThat(found.get("layer" + layer))
          .as("layer %d", layer)
          .containsExactly(truth.get("hidden_states." + layer), within(tolerance));
    }
  }

  private static List<GraphOutput> everyLayer() {
    List<GraphOutput> outputs = new ArrayList<>();
    for (int layer = 0; layer <= BertModels.LAYERS; layer++) {
      outputs.add(new TokenStatesOutput("layer" + layer, Layers.of("" + layer)));
    }
    return outputs;
  }

  /** The outputs of the model as exported, without any change. */
  private Map<String, float[]> truth() throws Exception {
    byte[] model = Files.readAllBytes(BertModels.copy(BertModels.TRUTH, folder));
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OrtSession session = Sessions.ENVIRONMENT.createSession(model, options)) {
      return BertModels.run(session, BertModels.TEXTS, 12);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 4",
    "-2, 3",
    "first+last, 1 4",
    "last4, 1 2 3 4",
    "0+-1, 0 4",
    "0, 0",
  })
  void takesTheMeanOfTheChosenLayers(String spelling, String numbers) throws Exception {
    Map<String, float[]> truth = truth();
    for (String model : List.of(BertModels.TRUTH, "onnx/bert-opset11.onnx")) {
      PooledModel pooled =
          BertModels.open(model, folder)
              .add(List.of(new TokenStatesOutput("states", Layers.of(spelling))));
      String[] chosen = numbers.split(" ");
      float[] wanted = new float[truth.get("last_hidden_state").length];
      for (String layer : chosen) {
        for (int i = 0; i < wanted.length; i++) {
          wanted[i] += truth.get("hidden_states." + layer)[i] / chosen.length;
        }
      }
      assertThat(BertModels.run(pooled).get("states")).containsExactly(wanted, within(1e-5f));
    }
  }

  @Test
  void usesTheExportedLayersWhereThereAreSome() throws Exception {
    List<String> layers = layers(BertModels.copy(BertModels.TRUTH, folder));
    assertThat(layers.size() - 1).isEqualTo(BertModels.LAYERS);
    assertThat(layers.get(2)).isEqualTo("hidden_states.2");
  }

  @Test
  void refusesExportedLayersThatAreNotAllThere() throws Exception {
    Path file = edited(BertModels.TRUTH, model -> dropOutput(model, "hidden_states.2"));
    assertThatThrownBy(() -> layers(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("numbered [0, 1, 3, 4]");
  }

  @Test
  void refusesExportedLayersThatEndElsewhere() throws Exception {
    Path file = edited(BertModels.TRUTH, model -> dropOutput(model, "hidden_states.4"));
    assertThatThrownBy(() -> layers(file))
        .hasMessageContaining("`hidden_states.3` is another tensor than `last_hidden_state`");
  }

  /** A tanh after the last block: what precedes it is no longer what the model returns. */
  @Test
  void refusesBlocksThatDoNotEndInTheTokenStates() throws Exception {
    Path file = edited("onnx/bert-opset17.onnx", model -> wrap(model, "last_hidden_state", true));
    assertThatThrownBy(() -> layers(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("`last_hidden_state` (made by Tanh) is not the end of a chain")
        .hasMessageContaining("hidden_states.0, hidden_states.1")
        .hasMessageContaining("attention_mask:int64[batch,sequence]");
  }

  /** The same amid the blocks: those behind it must not be mistaken for the embeddings. */
  @Test
  void refusesBlocksOfWhichOneIsOfAnotherKind() throws Exception {
    OnnxGraph graph = new OnnxGraph(ModelFile.read(copy("onnx/bert-opset17.onnx")));
    String middle =
        EncoderLayers.of(graph, ModelOutputs.of(graph.outputs, GraphTraits.UNKNOWN)).get(2);
    Path file = edited("onnx/bert-opset17.onnx", model -> wrap(model, middle, true));
    assertThatThrownBy(() -> layers(file)).hasMessageContaining("is not the end of a chain");
  }

  @Test
  void seesThroughNodesThatKeepTheValues() throws Exception {
    Path file = edited("onnx/bert-opset17.onnx", model -> wrap(model, "last_hidden_state", false));
    assertThat(layers(file).size() - 1).isEqualTo(BertModels.LAYERS);
  }

  private Path copy(String resource) throws Exception {
    return BertModels.copy(resource, folder);
  }

  private Path edited(String resource, UnaryOperator<ModelProto> edit) throws Exception {
    return StatesModel.save(folder, edit.apply(ModelFile.read(copy(resource))));
  }

  private static ModelProto dropOutput(ModelProto model, String name) {
    ModelProto.Builder edited = model.toBuilder();
    for (int i = edited.getGraph().getOutputCount() - 1; i >= 0; i--) {
      if (edited.getGraph().getOutput(i).getName().equals(name)) {
        edited.getGraphBuilder().removeOutput(i);
      }
    }
    return edited.build();
  }

  /** Puts a node between what makes {@code tensor} and what reads it. */
  private static ModelProto wrap(ModelProto model, String tensor, boolean change) {
    ModelProto.Builder edited = model.toBuilder();
    List<NodeProto> nodes = new ArrayList<>();
    for (NodeProto node : model.getGraph().getNodeList()) {
      NodeProto.Builder renamed = node.toBuilder();
      boolean maker = node.getOutputList().contains(tensor);
      if (maker) {
        renamed.setOutput(node.getOutputList().indexOf(tensor), "before");
      }
      nodes.add(renamed.build());
      if (maker) {
        nodes.add(StatesModel.node(change ? "Tanh" : "Identity", tensor, "before"));
      }
    }
    edited.getGraphBuilder().clearNode().addAllNode(nodes);
    return edited.build();
  }
}
