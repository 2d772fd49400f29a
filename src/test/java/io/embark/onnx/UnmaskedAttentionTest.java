package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtSession;
import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.token.Tokens;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnmaskedAttentionTest {
  private static final List<PooledOutput> MEAN =
      List.of(new PooledOutput("mean", Pooling.MEAN, Layers.LAST, 0, Norm.NONE));

  /** Of one length. */
  private static final List<long[]> TEXTS =
      List.of(new long[] {2, 7, 9, 3}, new long[] {2, 59, 58, 3}, new long[] {2, 8, 8, 3});

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-opset11",
        "bert-opset14",
        "bert-opset14-fused",
        "bert-opset17",
        "bert-dynamo-opset21"
      })
  void everyLayerOfEveryExporterIsFoundAndGivesTheSameVectors(String name) throws Exception {
    PooledModel masked = BertModels.open("onnx/" + name + ".onnx", folder).add(MEAN);
    PooledModel unmasked = UnmaskedAttention.of(masked, 512).orElseThrow();
    List<NodeProto> nodes = ModelProto.parseFrom(unmasked.bytes()).getGraph().getNodeList();
    assertThat(nodes.stream().map(NodeProto::getOpType))
        .doesNotContain("Softmax")
        .filteredOn("MultiHeadAttention"::equals)
        .hasSize(BertModels.LAYERS);
    try (OrtSession before = Sessions.open(masked);
        OrtSession after = Sessions.open(unmasked)) {
      float[] expected = BertModels.run(before, TEXTS, 4).get("mean");
      float[] found = BertModels.run(after, TEXTS, 4).get("mean");
      assertThat(found).containsExactly(expected, within(1e-5f));
      // The mask is gone, and with it what made padding harmless.
      assertThat(BertModels.run(after, TEXTS, 6).get("mean")[0])
          .isNotCloseTo(found[0], within(1e-4f));
      assertThat(BertModels.run(before, TEXTS, 6).get("mean")[0])
          .isCloseTo(found[0], within(1e-5f));
    }
  }

  @Test
  void halfPrecisionStaysAsItIs() throws Exception {
    assertThat(UnmaskedAttention.of(model("bert-opset14-float16", graph -> graph), 512)).isEmpty();
  }

  @Test
  void scoresToWhichAnythingElseIsAddedStayAsTheyAre() throws Exception {
    // A bias by position, as MPNet and T5 have it, here on the first layer only.
    PooledModel model = model("bert-opset14", graph -> beforeSoftmax(graph, false));
    PooledModel unmasked = UnmaskedAttention.of(model, 512).orElseThrow();
    assertThat(softmaxes(unmasked)).isEqualTo(1);
    try (OrtSession before = Sessions.open(model);
        OrtSession after = Sessions.open(unmasked)) {
      assertThat(BertModels.run(after, TEXTS, 4).get("mean"))
          .containsExactly(BertModels.run(before, TEXTS, 4).get("mean"), within(1e-5f));
    }
  }

  @Test
  void aMaskThatDoesSomethingWithoutPaddingStays() throws Exception {
    PooledModel model = model("bert-opset14", graph -> beforeSoftmax(graph, true));
    assertThat(softmaxes(UnmaskedAttention.of(model, 512).orElseThrow())).isEqualTo(1);
  }

  /** As one of attention to what is near, in a window. */
  @Test
  void aMaskThatDoesSomethingToLongTextsStays() throws Exception {
    PooledModel model = model("bert-opset14", UnmaskedAttentionTest::withMaskOfLongTexts);
    assertThat(softmaxes(UnmaskedAttention.of(model, 512).orElseThrow())).isEqualTo(1);
  }

  /** Proven as far as the session will see, and no further. */
  @ParameterizedTest
  @CsvSource({"10, 9, 0", "10, 10, 0", "10, 11, 1", "20, 21, 1", "20, 20, 0", "600, 900, 0"})
  void masksAreTriedOnTheLongestText(int idleUpTo, int longest, int kept) throws Exception {
    PooledModel model = model("bert-opset14", graph -> withMaskOfLongTexts(graph, idleUpTo));
    assertThat(softmaxes(UnmaskedAttention.of(model, longest).orElseThrow())).isEqualTo(kept);
  }

  /** A mask that the graph makes for each pair of tokens is too large to try on long texts. */
  @Test
  void aMaskOfPairsStaysWhereTextsAreVeryLong() throws Exception {
    PooledModel model = model("bert-opset14", UnmaskedAttentionTest::withMaskOfPairs);
    assertThat(softmaxes(UnmaskedAttention.of(model, 24).orElseThrow())).isZero();
    assertThat(UnmaskedAttention.of(model, 9000)).isEmpty();
  }

  /** The first layer's mask, 0 for each pair of tokens. */
  private static GraphProto withMaskOfPairs(GraphProto graph) {
    GraphProto biased = beforeSoftmax(graph, true);
    GraphProto.Builder edited = biased.toBuilder().clearInitializer().clearNode();
    biased.getInitializerList().stream()
        .filter(tensor -> !tensor.getName().equals("bias"))
        .forEach(edited::addInitializer);
    edited.addInitializer(longs("row", 1, -1, 1)).addInitializer(longs("column", 1, 1, -1));
    edited
        .addNode(
            node("Cast", "attended", "attention_mask").toBuilder()
                .addAttribute(attribute("to", DataType.FLOAT.getNumber())))
        .addNode(node("Sub", "nothing", "attended", "attended"))
        .addNode(node("Reshape", "as_row", "nothing", "row"))
        .addNode(node("Reshape", "as_column", "nothing", "column"))
        .addNode(node("Add", "bias", "as_row", "as_column"));
    return edited.addAllNode(biased.getNodeList()).build();
  }

  private static TensorProto longs(String name, long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(DataType.INT64.getNumber())
            .addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return tensor.build();
  }

  private static GraphProto withMaskOfLongTexts(GraphProto graph) {
    return withMaskOfLongTexts(graph, 10);
  }

  /** The first layer's mask grows with each token beyond so many. */
  private static GraphProto withMaskOfLongTexts(GraphProto graph, int idleUpTo) {
    GraphProto biased = beforeSoftmax(graph, true);
    GraphProto.Builder edited = biased.toBuilder().clearInitializer().clearNode();
    biased.getInitializerList().stream()
        .filter(tensor -> !tensor.getName().equals("bias"))
        .forEach(edited::addInitializer);
    edited.addInitializer(
        TensorProto.newBuilder()
            .setName("minus_ten")
            .setDataType(DataType.FLOAT.getNumber())
            .addDims(1)
            .addFloatData(-idleUpTo));
    edited
        .addNode(
            node("Cast", "attended", "attention_mask").toBuilder()
                .addAttribute(attribute("to", DataType.FLOAT.getNumber())))
        .addNode(
            node("ReduceSum", "counted", "attended").toBuilder()
                .addAttribute(attribute("keepdims", 0)))
        .addNode(node("Add", "beyond", "counted", "minus_ten"))
        .addNode(node("Relu", "bias", "beyond"));
    return edited.addAllNode(biased.getNodeList()).build();
  }

  private static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static NodeProto node(String type, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(type)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  @Test
  void anEncoderWithoutMasksRefusesPadding() throws Exception {
    Path file = BertModels.copy("onnx/bert-opset14.onnx", folder);
    Execution unpadded = new Execution(DeviceChoice.CPU, 1, GpuOptions.DEFAULT, false);
    try (OnnxEncoder encoder =
        OnnxEncoder.open(file, unpadded, MEAN, PoolingMask.ATTENTION, Precision.FLOAT, List::of)) {
      assertThat(encoder.takesPadding()).isFalse();
      List<Tokens> texts =
          List.of(new Tokens(new long[] {2, 7, 3}, 3), new Tokens(new long[] {2, 3}, 2));
      assertThat(Encoders.encode(encoder, Batch.of(texts, new int[] {0}, 0), null)).hasSize(1);
      assertThatThrownBy(() -> Encoders.encode(encoder, Batch.of(texts, new int[] {0, 1}, 0), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("without padding")
          .hasMessageContaining("5 tokens in 2 rows x 3");
    }
  }

  private PooledModel model(String name, UnaryOperator<GraphProto> edit) throws Exception {
    PooledModel model = BertModels.open("onnx/" + name + ".onnx", folder).add(MEAN);
    ModelProto proto = ModelProto.parseFrom(model.bytes());
    return model.with(proto.toBuilder().setGraph(edit.apply(proto.getGraph())).build());
  }

  /**
   * Adds a number to the first layer's scores.
   *
   * @param toMask whether it is added to the mask before that is added to the scores
   */
  private static GraphProto beforeSoftmax(GraphProto graph, boolean toMask) {
    NodeProto softmax =
        graph.getNodeList().stream()
            .filter(node -> node.getOpType().equals("Softmax"))
            .findFirst()
            .orElseThrow();
    GraphProto.Builder edited = graph.toBuilder().clearNode();
    TensorProto.Builder bias =
        TensorProto.newBuilder().setName("bias").setDataType(DataType.FLOAT.getNumber()).addDims(1);
    edited.addInitializer(bias.addFloatData(0.5f));
    for (NodeProto node : graph.getNodeList()) {
      if (node.getOutputList().contains(softmax.getInput(0))) {
        int biased = toMask ? 1 : 0;
        edited.addNode(
            NodeProto.newBuilder()
                .setOpType("Add")
                .addInput(node.getInput(biased))
                .addInput("bias")
                .addOutput("biased"));
        edited.addNode(node.toBuilder().setInput(biased, "biased"));
      } else {
        edited.addNode(node);
      }
    }
    return edited.build();
  }

  private static long softmaxes(PooledModel model) throws Exception {
    return ModelProto.parseFrom(model.bytes()).getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals("Softmax"))
        .count();
  }
}
