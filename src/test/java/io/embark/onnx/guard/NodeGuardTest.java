package io.embark.onnx.guard;

import static io.embark.onnx.StatesModel.node;
import static io.embark.onnx.guard.GuardedModel.assertRefused;
import static io.embark.onnx.guard.GuardedModel.attribute;
import static io.embark.onnx.guard.GuardedModel.graph;
import static io.embark.onnx.guard.GuardedModel.in;
import static io.embark.onnx.guard.GuardedModel.integer;
import static io.embark.onnx.guard.GuardedModel.with;
import static org.assertj.core.api.Assertions.assertThatCode;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.graph.TensorSignature;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NodeGuardTest {
  private static void assertPasses(NodeProto... nodes) {
    assertThatCode(() -> GuardedModel.passes(GuardedModel.of(nodes))).doesNotThrowAnyException();
  }

  @Test
  void sparseWeights() {
    ModelProto.Builder model = GuardedModel.of().toBuilder();
    model
        .getGraphBuilder()
        .addSparseInitializer(
            SparseTensorProto.newBuilder().setValues(GuardedModel.floats("few", 2)));
    assertRefused(model.build()).hasMessageContaining("sparse weights (`few`)");
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "UNDEFINED",
        "SPARSE_TENSOR",
        "SPARSE_TENSORS",
        "TENSORS",
        "GRAPHS",
        "TYPE_PROTO",
        "TYPE_PROTOS"
      })
  void attributesThatNoEncoderHas(AttributeType type) {
    assertRefused(GuardedModel.of(with(node("Some", "out", "in"), attribute("a", type).build())))
        .hasMessageContaining("node `out` (Some)")
        .hasMessageContaining("attribute `a` is of type " + type);
  }

  static Stream<AttributeProto> wrong() {
    return Stream.of(
        attribute("axis", AttributeType.FLOAT).build(),
        attribute("perm", AttributeType.INT).build(),
        attribute("epsilon", AttributeType.STRING).build(),
        attribute("then_branch", AttributeType.GRAPH).build(),
        attribute("value", AttributeType.TENSOR).build(),
        integer("num_heads", 0),
        integer("group", -1),
        attribute("strides", AttributeType.INTS).addInts(1).addInts(0).build());
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void attributesOfAnotherTypeOrRange(AttributeProto attribute) {
    for (String domain : new String[] {"", "ai.onnx", "com.microsoft"}) {
      assertRefused(GuardedModel.of(in(domain, with(node("Some", "out", "in"), attribute))))
          .hasMessageContaining("`" + attribute.getName() + "`");
    }
  }

  @Test
  void attributesThatAreThereTwice() {
    NodeProto node = with(node("Some", "out", "in"), integer("axis", 0), integer("axis", 1));
    assertRefused(GuardedModel.of(node)).hasMessageContaining("attribute `axis` is there twice");
  }

  @Test
  void headsOfARotationMayBeAsManyAsThereAre() {
    assertPasses(
        in("com.microsoft", with(node("RotaryEmbedding", "out", "in"), integer("num_heads", 0))),
        in("com.microsoft", with(node("Attention", "y", "x"), integer("num_heads", 12))));
  }

  @Test
  void constantsOfNoOrTwoValues() {
    NodeProto none = node("Constant", "c");
    NodeProto two = with(none, integer("value_int", 1), integer("other", 2));
    NodeProto typed = with(none, attribute("value_int", AttributeType.FLOAT).build());
    NodeProto outputs = with(none, integer("value_int", 1)).toBuilder().addOutput("d").build();
    for (NodeProto constant : new NodeProto[] {none, two, typed, outputs}) {
      assertRefused(GuardedModel.of(constant)).hasMessageContaining("node `c` (Constant)");
    }
    assertPasses(with(none, attribute("value_floats", AttributeType.FLOATS).addFloats(1).build()));
  }

  @Test
  void operatorsOfOthers() {
    assertRefused(GuardedModel.of(in("ai.onnx.ml", node("Scaler", "out", "in"))))
        .hasMessageContaining("node `out` (Scaler)")
        .hasMessageContaining("`ai.onnx.ml` is neither ONNX's nor a function of the model");
    assertPasses(in("ai.onnx", node("Add", "y", "a", "b")));
  }

  @Test
  void nodesThatMakeNothingOrTheSame() {
    NodeProto nothing = node("Some", "out", "in").toBuilder().clearOutput().setName("n").build();
    assertRefused(GuardedModel.of(nothing))
        .hasMessageContaining("node `n` (Some): it makes nothing");
    NodeProto one = node("Some", "out", "in");
    assertRefused(GuardedModel.of(one, one)).hasMessageContaining("`out` is made twice");
    assertRefused(GuardedModel.plus(GuardedModel.of(one), GuardedModel.floats("out", 1)))
        .hasMessageContaining("`out` is made twice");
  }

  private static GraphProto body(int inputs, int outputs) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("body");
    for (int i = 0; i < inputs; i++) {
      graph.addInput(TensorSignature.declare("i" + i, DataType.INT64, 1));
    }
    for (int i = 0; i < outputs; i++) {
      graph.addOutput(TensorSignature.declare("o" + i, DataType.INT64, 1));
    }
    return graph.build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Scan", "SequenceMap", "Some"})
  void graphsInOperatorsOtherThanIfAndLoop(String operator) {
    assertRefused(GuardedModel.of(with(node(operator, "out", "in"), graph("body", body(1, 1)))))
        .hasMessageContaining("node `out` (" + operator + ")")
        .hasMessageContaining("runs graphs, [body]");
  }

  @Test
  void branchesThatDoNotFit() {
    NodeProto choice = node("If", "out", "c");
    AttributeProto fitting = graph("then_branch", body(0, 1));
    assertPasses(with(choice, fitting, graph("else_branch", body(0, 1))));
    assertRefused(GuardedModel.of(with(choice, fitting)))
        .hasMessageContaining("node `out` (If)")
        .hasMessageContaining("else_branch");
    for (GraphProto other : new GraphProto[] {body(0, 2), body(1, 1), body(0, 0)}) {
      assertRefused(GuardedModel.of(with(choice, fitting, graph("else_branch", other))))
          .hasMessageContaining("graph `else_branch` within it has");
    }
  }

  @Test
  void bodiesOfLoopsThatDoNotFit() {
    NodeProto loop = node("Loop", "out", "rounds", "go_on", "start");
    assertPasses(with(loop, graph("body", body(3, 2))));
    assertRefused(GuardedModel.of(loop)).hasMessageContaining("wanted are [body]");
    for (GraphProto other : new GraphProto[] {body(2, 2), body(3, 1), body(3, 3), body(4, 2)}) {
      assertRefused(GuardedModel.of(with(loop, graph("body", other))))
          .hasMessageContaining("node `out` (Loop): graph `body` within it has");
    }
  }
}
