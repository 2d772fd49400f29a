package io.embark.onnx.graph;

import static io.embark.onnx.StatesModel.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import io.embark.UserError;
import io.embark.onnx.Sessions;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.pooling.Layers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Positions and an empty memory, as exported decoders want them. */
class DecoderInputsTest {
  private static final String KEY = "past_key_values.0.key";

  @TempDir Path folder;

  /**
   * A graph whose states say what it was fed: {@code [B, L, 2]}, the position, and how many tokens
   * there were in the memory.
   */
  private Path decoder(int opset, DataType idType, Object... pastDims) throws Exception {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("decoder")
            .addInput(TensorSignature.declare("input_ids", idType, "b", "l"))
            .addInput(TensorSignature.declare("attention_mask", idType, "b", "l"))
            .addInput(TensorSignature.declare("position_ids", idType, "b", "l"))
            .addInput(TensorSignature.declare(KEY, DataType.FLOAT, pastDims))
            .addInitializer(longs("two", 2))
            .addInitializer(longs("as_column", 0, 0, 1))
            .addNode(cast("at", "position_ids"))
            .addNode(node("Reshape", "column", "at", "as_column"))
            .addNode(node("Shape", "shape", KEY))
            .addNode(node("Gather", "past", "shape", "two"))
            .addNode(cast("past_tokens", "past"))
            .addNode(node("Mul", "none", "column", "zero"))
            .addNode(node("Add", "memory", "none", "past_tokens"))
            .addNode(
                node("Concat", "last_hidden_state", "column", "memory").toBuilder()
                    .addAttribute(attribute("axis", 2)))
            .addInitializer(
                TensorProto.newBuilder()
                    .setName("zero")
                    .setDataType(DataType.FLOAT.getNumber())
                    .addFloatData(0))
            .addOutput(TensorSignature.declare("last_hidden_state", DataType.FLOAT, "b", "l", 2))
            .addOutput(TensorSignature.declare("present.0.key", DataType.FLOAT, pastDims))
            .addNode(node("Identity", "present.0.key", KEY));
    return StatesModel.save(folder, StatesModel.model(opset, graph));
  }

  private static NodeProto cast(String output, String input) {
    return node("Cast", output, input).toBuilder()
        .addAttribute(attribute("to", DataType.FLOAT.getNumber()))
        .build();
  }

  private static AttributeProto.Builder attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value);
  }

  private static TensorProto longs(String name, long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(DataType.INT64.getNumber());
    if (values.length > 1) {
      tensor.addDims(values.length);
    }
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return tensor.build();
  }

  @ParameterizedTest
  @CsvSource({"11, 0", "13, 0", "14, 2", "18, 0", "21, 2"})
  void followFromTheMask(int opset, int first) throws Exception {
    Path file = decoder(opset, DataType.INT64, "b", 2, "past", 3);
    GraphTraits traits = new GraphTraits(Optional.empty(), 2, 0, first);
    PooledModel model =
        PooledGraph.of(file, traits)
            .requireKnownInputs()
            .add(List.of(new TokenStatesOutput("states", Layers.LAST)));
    assertThat(model.inputs()).containsExactly("input_ids", "attention_mask");
    Map<String, OnnxTensor> feeds = new HashMap<>();
    feeds.put("input_ids", Sessions.longs(new long[6], 2, 3));
    // Padding behind, and padding before.
    feeds.put("attention_mask", Sessions.longs(new long[] {1, 1, 0, 0, 1, 1}, 2, 3));
    try (OrtSession session = Sessions.open(model)) {
      assertThat(Sessions.run(session, feeds).get("states"))
          .containsExactly(first, 0, first + 1, 0, first + 1, 0, first, 0, first, 0, first + 1, 0);
    }
  }

  @Test
  void positionsInMoreThanATextAreRefused() throws Exception {
    Path file = decoder(14, DataType.INT64, "b", 2, "past", 3);
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
    GraphProto.Builder graph = model.getGraph().toBuilder();
    for (int i = 0; i < graph.getInputCount(); i++) {
      if (graph.getInput(i).getName().equals("position_ids")) {
        graph.setInput(i, TensorSignature.declare("position_ids", DataType.INT64, 3, "b", "l"));
      }
    }
    Files.write(file, model.toBuilder().setGraph(graph).build().toByteArray());
    assertThatThrownBy(() -> PooledGraph.of(file))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("position_ids")
        .hasMessageContaining("rank 2");
  }

  @Test
  void aMemoryOfAnotherShapeIsRefused() throws Exception {
    for (Object[] dims :
        List.of(
            new Object[] {"b", "heads", "past", 3},
            new Object[] {"b", 2, 3},
            new Object[] {"b", 2, 4, 3})) {
      Path file = decoder(14, DataType.INT64, dims);
      assertThatThrownBy(() -> PooledGraph.of(file))
          .isInstanceOf(UserError.class)
          .hasMessageContaining(KEY)
          .hasMessageContaining("use_cache=False");
    }
  }
}
