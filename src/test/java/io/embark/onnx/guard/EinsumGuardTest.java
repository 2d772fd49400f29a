package io.embark.onnx.guard;

import static io.embark.onnx.StatesModel.node;
import static io.embark.onnx.guard.GuardedModel.assertRefused;
import static io.embark.onnx.guard.GuardedModel.floats;
import static io.embark.onnx.guard.GuardedModel.plus;
import static io.embark.onnx.guard.GuardedModel.text;
import static io.embark.onnx.guard.GuardedModel.with;
import static org.assertj.core.api.Assertions.assertThatCode;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.graph.TensorSignature;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EinsumGuardTest {
  private static NodeProto einsum(String equation) {
    return with(node("Einsum", "out", "a", "b"), text("equation", equation));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ab->",
        "ab",
        "ab,bc,cd",
        "ab,bc->ad",
        "ab,bc->aa",
        "ab,1c->a",
        "ab,->ab",
        ",b->b",
        "aab,bc->ac",
        "ab,bc->ac->ca",
        "ab,b.c->ac",
        "ab,b..c->ac",
        "...a...,ab->...b",
        "...ab,...bc->ac",
        "ab,bc->...ac",
        "ab;bc->ac",
        "ab,\tbc->ac"
      })
  void equationsThatAreNoneOfTwoInputs(String equation) {
    assertRefused(GuardedModel.of(einsum(equation)))
        .hasMessageContaining("node `out` (Einsum)")
        .hasMessageContaining("'" + equation + "'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ab,bc->ac",
        "ab, bc -> ac",
        "...ab,...bc->...ac",
        "ab...,bc...->ac...",
        "ab,bc",
        "a,b->",
        "bhid,bhjd->bhij",
        "bhij,bhjd->bhid",
        "BhIj,bhjd->BhId",
        "blhd,hde->ble",
        "...,...->..."
      })
  void equationsOfTwoInputs(String equation) {
    assertThatCode(() -> GuardedModel.passes(GuardedModel.of(einsum(equation))))
        .doesNotThrowAnyException();
  }

  @Test
  void aNodeWithoutEquation() {
    assertRefused(GuardedModel.of(node("Einsum", "out", "a", "b")))
        .hasMessageContaining("has no equation");
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc,bc->ac", "a,bc->ac", "...abc,bc->...ac"})
  void moreOrFewerLettersThanDimensions(String equation) {
    ModelProto stored = plus(GuardedModel.of(einsum(equation)), floats("a", 2, 2));
    assertRefused(stored)
        .hasMessageContaining("letters for input `a`")
        .hasMessageContaining("dimensions are 2");
    ModelProto.Builder declared = GuardedModel.of(einsum(equation)).toBuilder();
    declared
        .getGraphBuilder()
        .addValueInfo(TensorSignature.declare("a", DataType.FLOAT, "rows", "columns"));
    assertRefused(declared.build()).hasMessageContaining("letters for input `a`");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ab,bc->ac", "...b,bc->...c", "...ab,bc->...ac", "...,bc->...c"})
  void asManyLettersAsDimensions(String equation) {
    ModelProto model = plus(GuardedModel.of(einsum(equation)), floats("a", 2, 2));
    assertThatCode(() -> GuardedModel.passes(model)).doesNotThrowAnyException();
  }
}
