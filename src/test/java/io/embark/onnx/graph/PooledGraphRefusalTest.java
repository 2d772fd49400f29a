package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.BertModels;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Graphs and wishes that cannot be served are refused with what was found and a way out. */
class PooledGraphRefusalTest {
  @TempDir Path folder;

  private PooledGraph graph(ModelProto model) throws Exception {
    return PooledGraph.of(StatesModel.save(folder, model));
  }

  private void refuses(ModelProto model, String... parts) {
    assertThatThrownBy(() -> graph(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("states")
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 24, 99})
  void anUnknownOpset(int opset) {
    refuses(
        StatesModel.of(opset, DataType.FLOAT),
        "opset " + opset + "; known are 11 to 23",
        "last_hidden_state:float[embark_b,embark_l,5]");
  }

  @Test
  void noOpsetOfTheStandardOperators() {
    ModelProto.Builder model = StatesModel.of(14, DataType.FLOAT).toBuilder();
    model.getOpsetImportBuilder(0).setDomain("com.microsoft");
    refuses(model.build(), "opset none");
  }

  @Test
  void noMaskInput() {
    ModelProto.Builder model = StatesModel.of(14, DataType.FLOAT).toBuilder();
    model.getGraphBuilder().removeInput(2);
    refuses(model.build(), "no input attention_mask[batch,sequence]", "inputs states:float[");
  }

  @Test
  void aMaskOfAnotherRank() {
    ModelProto.Builder model = StatesModel.of(14, DataType.FLOAT).toBuilder();
    model
        .getGraphBuilder()
        .setInput(2, TensorSignature.declare("attention_mask", DataType.INT64, "b", 1, 1, "l"));
    refuses(model.build(), "attention_mask:int64[embark_b,1,1,embark_l]");
  }

  @Test
  void noTokenStatesAmongTheOutputs() {
    refuses(
        StatesModel.withOutputs(TensorSignature.declare("882", DataType.FLOAT, "b", 5)),
        "no output holds token states",
        "outputs 882:float[embark_b,5]",
        "--model-output");
    refuses(
        StatesModel.withOutputs(
            TensorSignature.declare("last_hidden_state", DataType.INT64, "b", "l", 5)),
        "last_hidden_state:int64");
    refuses(
        StatesModel.withOutputs(TensorSignature.declare("logits", DataType.FLOAT, "b", "l", 5)),
        "logits:float[embark_b,embark_l,5]");
    refuses(StatesModel.withOutputs(), "outputs none");
  }

  @Test
  void anUndeclaredHiddenSizeThatNobodyMeasured() throws Exception {
    PooledGraph graph =
        graph(
            StatesModel.withOutputs(
                TensorSignature.declare("last_hidden_state", DataType.FLOAT, "b", "l", "h")));
    assertThatThrownBy(() -> graph.add(List.of(PooledOutput.of("v", Pooling.CLS))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "the hidden size of output last_hidden_state:float[embark_b,embark_l,embark_h]");
  }

  @Test
  void aPoolerThatIsNotThere() throws Exception {
    PooledGraph graph =
        graph(
            StatesModel.withOutputs(
                TensorSignature.declare("last_hidden_state", DataType.FLOAT, "b", "l", 5),
                TensorSignature.declare("sentence_embedding", DataType.FLOAT, "b", 5),
                TensorSignature.declare("seq_relationship", DataType.FLOAT, "b", 2)));
    assertThatThrownBy(() -> graph.add(List.of(PooledOutput.of("p", Pooling.POOLER))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Cannot pool with POOLER: no output [batch,5]")
        .hasMessageContaining("use MEAN")
        .hasMessageContaining("seq_relationship");
  }

  @Test
  void layersThatAreNotThere() throws Exception {
    PooledGraph graph = BertModels.open("onnx/bert-opset14.onnx", folder);
    assertThatThrownBy(() -> graph.add(List.of(new TokenStatesOutput("s", Layers.of("first+-6")))))
        .hasMessageContaining("layer -6, but the model has 4 encoder layers");
    assertThatThrownBy(() -> graph(StatesModel.of(14, DataType.FLOAT)).encoderLayers())
        .hasMessageContaining("Cannot find the encoder layers");
  }

  @Test
  void wishesThatContradictThemselves() throws Exception {
    PooledGraph graph = graph(StatesModel.of(14, DataType.FLOAT));
    assertThatThrownBy(() -> graph.add(List.of())).hasMessageContaining("at least one");
    PooledOutput mean = PooledOutput.of("mean", Pooling.MEAN);
    for (PooledOutput second : List.of(mean, PooledOutput.of("882", Pooling.CLS))) {
      assertThatThrownBy(() -> graph.add(List.of(mean, second)))
          .hasMessageContaining("output name `" + second.name() + "`");
    }
    assertThatThrownBy(
            () ->
                graph.add(List.of(new PooledOutput("m", Pooling.MEAN, Layers.LAST, 6, Norm.NONE))))
        .hasMessageContaining("truncate-dim of output `m` is 6")
        .hasMessageContaining("0 (keep all) to 5");
    assertThatThrownBy(() -> new PooledOutput("m", Pooling.MEAN, Layers.LAST, -1, Norm.NONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PooledOutput("p", Pooling.POOLER, Layers.of("-2"), 0, Norm.NONE))
        .hasMessageContaining("found layers -2");
  }

  @Test
  void filesThatAreNoModel() throws Exception {
    byte[] whole = StatesModel.of(14, DataType.FLOAT).toByteArray();
    byte[] noise = new byte[500];
    Arrays.fill(noise, (byte) 0xEE);
    for (byte[] bytes :
        List.of(
            new byte[0],
            new byte[100],
            noise,
            Arrays.copyOf(whole, whole.length / 2),
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"
                .getBytes(StandardCharsets.UTF_8))) {
      Path file = Files.write(folder.resolve("broken.onnx"), bytes);
      assertThatThrownBy(() -> PooledGraph.of(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("broken.onnx` (" + bytes.length + " bytes) is not a readable");
    }
    assertThatThrownBy(() -> PooledGraph.of(folder.resolve("absent.onnx")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("absent.onnx` does not exist");
  }
}
