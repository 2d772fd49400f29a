package io.embark.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.onnx.StatesModel;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which chains of residual steps are encoder blocks; graphs of the bare structure. */
class PostNormBlocksTest {
  private final GraphProto.Builder graph = GraphProto.newBuilder();

  private List<String> statesUpTo(String last) {
    graph.addInitializer(TensorProto.newBuilder().setName("w"));
    return new PostNormBlocks(new OnnxGraph(StatesModel.model(17, graph))).statesUpTo(last);
  }

  private void node(String operator, String output, String... inputs) {
    graph.addNode(StatesModel.node(operator, output, inputs));
  }

  private void embeddings() {
    node("Gather", "words", "w", "input_ids");
    node("Shape", "size", "words");
    node("Slice", "positions", "w", "size");
    node("Add", "summed", "words", "positions");
    node("LayerNormalization", "h0", "summed", "w", "w");
  }

  /** {@code to = LayerNorm(from + operator(from))}, the sum written in either order. */
  private void step(String from, String operator, String to, boolean skipFirst) {
    node(operator, to + "_branch", from, "w");
    node("MatMul", to + "_dense", to + "_branch", "w");
    node("Add", to + "_biased", to + "_dense", "w");
    String branch = to + "_biased";
    node("Add", to + "_sum", skipFirst ? from : branch, skipFirst ? branch : from);
    node("LayerNormalization", to, to + "_sum", "w", "w");
  }

  @Test
  void findsBlocksWhicheverWayTheSumsAreWritten() {
    embeddings();
    step("h0", "Softmax", "a1", true);
    step("a1", "Erf", "h1", false);
    step("h1", "MultiHeadAttention", "a2", false);
    step("a2", "Erf", "h2", true);
    assertThat(statesUpTo("h2")).containsExactly("h0", "h1", "h2");
  }

  @Test
  void aBiasMayBeAddedAfterTheSkip() {
    embeddings();
    step("h0", "Softmax", "a1", true);
    node("MatMul", "dense", "a1", "w");
    node("Add", "sum", "dense", "a1");
    node("Add", "biased", "w", "sum");
    node("LayerNormalization", "h1", "biased", "w", "w");
    assertThat(statesUpTo("h1")).containsExactly("h0", "h1");
  }

  /** As ELECTRA has it. */
  @Test
  void theEmbeddingsMayBeProjectedAfterTheirLayerNorm() {
    embeddings();
    node("MatMul", "projected", "h0", "w");
    step("projected", "Softmax", "a1", true);
    step("a1", "Erf", "h1", true);
    assertThat(statesUpTo("h1")).containsExactly("projected", "h1");
  }

  @Test
  void stepsWithoutAttentionAreNoBlocks() {
    embeddings();
    step("h0", "Erf", "a1", true);
    step("a1", "Erf", "h1", true);
    assertThat(statesUpTo("h1")).isEmpty();
  }

  @Test
  void theLastStepOfABlockHasNoAttention() {
    embeddings();
    step("h0", "Softmax", "a1", true);
    assertThat(statesUpTo("a1")).isEmpty();
    step("a1", "Softmax", "h1", true);
    assertThat(statesUpTo("h1")).isEmpty();
  }

  /** GPT-like: {@code h + feedForward(LayerNorm(h))}, one norm at the very end. */
  @Test
  void blocksThatNormaliseFirstAreOfAnotherKind() {
    embeddings();
    node("LayerNormalization", "n1", "summed", "w", "w");
    node("Softmax", "attended", "n1");
    node("Add", "a1", "summed", "attended");
    node("LayerNormalization", "n2", "a1", "w", "w");
    node("Erf", "fed", "n2");
    node("Add", "h1", "a1", "fed");
    node("LayerNormalization", "last", "h1", "w", "w");
    assertThat(statesUpTo("last")).isEmpty();
  }

  /** The same fused: the skip is the bare sum, the fourth output of the norm. */
  @Test
  void aBareSumIsNoNormalisedState() {
    embeddings();
    node("Softmax", "attended", "h0");
    graph.addNode(skipNorm("n1", "sum1", "attended", "h0"));
    node("Erf", "fed", "n1");
    graph.addNode(skipNorm("last", "sum2", "fed", "sum1"));
    assertThat(statesUpTo("last")).isEmpty();
  }

  private static NodeProto skipNorm(String normalised, String sum, String x, String skip) {
    return StatesModel.node("SkipLayerNormalization", normalised, x, skip, "w", "w").toBuilder()
        .addAllOutput(List.of("", "", sum))
        .build();
  }
}
