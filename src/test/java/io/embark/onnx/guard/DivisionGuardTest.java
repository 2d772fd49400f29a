package io.embark.onnx.guard;

import static io.embark.onnx.StatesModel.node;
import static io.embark.onnx.guard.GuardedModel.assertRefused;
import static io.embark.onnx.guard.GuardedModel.attribute;
import static io.embark.onnx.guard.GuardedModel.constant;
import static io.embark.onnx.guard.GuardedModel.floats;
import static io.embark.onnx.guard.GuardedModel.graph;
import static io.embark.onnx.guard.GuardedModel.in;
import static io.embark.onnx.guard.GuardedModel.integer;
import static io.embark.onnx.guard.GuardedModel.longs;
import static io.embark.onnx.guard.GuardedModel.plus;
import static io.embark.onnx.guard.GuardedModel.reference;
import static io.embark.onnx.guard.GuardedModel.with;
import static org.assertj.core.api.Assertions.assertThatCode;

import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.TensorSignature;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DivisionGuardTest {
  private static final String NOTHING = "`d` is 0, by which nothing can be divided";
  private static final NodeProto DIVISION = node("Div", "out", "in", "d");

  private static void assertZero(ModelProto model) {
    assertRefused(model).hasMessageContaining("node `out`").hasMessageContaining(NOTHING);
  }

  private static void assertPasses(ModelProto model) {
    assertThatCode(() -> GuardedModel.passes(model)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Div", "Mod"})
  void aWeight(String operator) {
    ModelProto model = GuardedModel.of(node(operator, "out", "in", "d"));
    assertZero(plus(model, longs("d", 3L, 0L)));
    assertPasses(plus(model, longs("d", 3L, 1L)));
    assertPasses(plus(model, floats("d", 1)));
  }

  @Test
  void theStandardUnderItsLongName() {
    assertZero(plus(GuardedModel.of(in("ai.onnx", DIVISION)), longs("d", 0L)));
  }

  @Test
  void everyFormOfAConstant() {
    NodeProto d = node("Constant", "d");
    for (NodeProto zero :
        List.of(
            constant("d", longs("", 0L)),
            with(d, integer("value_int", 0)),
            with(d, attribute("value_ints", AttributeType.INTS).addInts(2).addInts(0).build()),
            with(
                node("ConstantOfShape", "d", "shape"),
                attribute("value", AttributeType.TENSOR).setT(longs("", 0L)).build()))) {
      assertZero(GuardedModel.of(zero, DIVISION));
      // Nodes may stand in any order.
      assertZero(GuardedModel.of(DIVISION, zero));
    }
    assertPasses(GuardedModel.of(with(d, integer("value_int", 8)), DIVISION));
    assertPasses(
        GuardedModel.of(
            with(d, attribute("value_float", AttributeType.FLOAT).setF(0).build()), DIVISION));
  }

  @Test
  void aConstantBehindNodesThatKeepIt() {
    NodeProto number = with(node("Constant", "number"), integer("value_int", 0));
    NodeProto kept = node("Unsqueeze", "kept", "number", "axes");
    NodeProto same = node("Identity", "same", "kept");
    NodeProto cast = with(node("Cast", "d", "same"), integer("to", DataType.INT32_VALUE));
    assertZero(GuardedModel.of(number, kept, same, cast, DIVISION));
    NodeProto fraction = with(node("Cast", "d", "same"), integer("to", DataType.FLOAT_VALUE));
    assertPasses(GuardedModel.of(number, kept, same, fraction, DIVISION));
  }

  @Test
  void aCastThatLeavesNothing() {
    NodeProto cast = with(node("Cast", "d", "weight"), integer("to", DataType.INT64_VALUE));
    assertZero(plus(GuardedModel.of(cast, DIVISION), floats("weight", 1)));
    NodeProto small = with(node("Cast", "d", "weight"), integer("to", DataType.INT8_VALUE));
    assertZero(plus(GuardedModel.of(small, DIVISION), longs("weight", 256L)));
    assertPasses(plus(GuardedModel.of(cast, DIVISION), longs("weight", 256L)));
  }

  @Test
  void typesThatAreNotKnown() {
    NodeProto unknown = with(node("Cast", "d", "weight"), integer("to", 99));
    assertPasses(plus(GuardedModel.of(unknown, DIVISION), longs("weight", 0L)));
    NodeProto cast = with(node("Cast", "d", "c"), integer("to", DataType.INT64_VALUE));
    NodeProto number = constant("c", longs("number", 0L).toBuilder().setDataType(99).build());
    assertRefused(GuardedModel.of(DIVISION, cast, number))
        .hasMessageContaining("`number`")
        .hasMessageContaining("unknown type");
  }

  @Test
  void aChainWithoutEnd() {
    NodeProto[] chain = new NodeProto[1200];
    for (int i = 0; i < chain.length; i++) {
      chain[i] = node("Identity", i == 0 ? "d" : "t" + i, "t" + (i + 1));
    }
    ModelProto model = GuardedModel.of(DIVISION);
    ModelProto.Builder more = model.toBuilder();
    more.getGraphBuilder().addAllNode(List.of(chain));
    assertRefused(more.build()).hasMessageContaining("`d` is the end of more than 1000 nodes");
  }

  @Test
  void aConstantOfTheGraphAround() {
    GraphProto inner =
        GraphProto.newBuilder()
            .setName("inner")
            .addNode(DIVISION)
            .addOutput(TensorSignature.declare("out", DataType.INT64, 1))
            .build();
    NodeProto branches =
        with(node("If", "x", "c"), graph("then_branch", inner), graph("else_branch", inner));
    assertZero(plus(GuardedModel.of(branches), longs("d", 0L)));
    assertZero(GuardedModel.of(branches, constant("d", longs("", 0L))));
    GraphProto own = inner.toBuilder().addInitializer(longs("d", 5L)).build();
    NodeProto hidden =
        with(node("If", "x", "c"), graph("then_branch", own), graph("else_branch", own));
    assertPasses(plus(GuardedModel.of(hidden), longs("d", 0L)));
  }

  @Test
  void whatACallGivesAFunction() {
    FunctionProto function =
        FunctionProto.newBuilder()
            .setDomain("mine")
            .setName("Halves")
            .addInput("in")
            .addInput("d")
            .addOutput("out")
            .addNode(DIVISION)
            .build();
    ModelProto model = plus(GuardedModel.of(in("mine", node("Halves", "y", "x", "w"))), function);
    assertZero(plus(model, longs("w", 0L)));
    assertPasses(plus(model, longs("w", 2L)));
    // Its names are its own.
    assertPasses(plus(model, longs("d", 0L)));

    FunctionProto told =
        function.toBuilder()
            .clearInput()
            .addInput("in")
            .addAttribute("by")
            .addNode(with(node("Constant", "d"), reference("value_int", AttributeType.INT, "by")))
            .build();
    NodeProto call = in("mine", node("Halves", "y", "x"));
    assertZero(plus(GuardedModel.of(with(call, integer("by", 0))), told));
    assertPasses(plus(GuardedModel.of(with(call, integer("by", 2))), told));
    assertPasses(plus(StatesModel.of(14, DataType.FLOAT), told));
  }

  @Test
  void theLeastNumberByMinusOne() {
    ModelProto model = plus(GuardedModel.of(DIVISION), longs("d", -1L));
    assertRefused(plus(model, longs("in", 1L, Long.MIN_VALUE)))
        .hasMessageContaining("node `out` (Div)")
        .hasMessageContaining("cannot be divided by -1");
    assertPasses(plus(model, longs("in", 1L, Long.MIN_VALUE + 1)));
    assertPasses(model);
  }
}
