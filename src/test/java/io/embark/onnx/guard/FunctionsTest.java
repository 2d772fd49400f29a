package io.embark.onnx.guard;

import static io.embark.onnx.StatesModel.node;
import static io.embark.onnx.guard.GuardedModel.assertRefused;
import static io.embark.onnx.guard.GuardedModel.attribute;
import static io.embark.onnx.guard.GuardedModel.in;
import static io.embark.onnx.guard.GuardedModel.integer;
import static io.embark.onnx.guard.GuardedModel.plus;
import static io.embark.onnx.guard.GuardedModel.reference;
import static io.embark.onnx.guard.GuardedModel.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FunctionsTest {
  private static FunctionProto function(String name, NodeProto... nodes) {
    FunctionProto.Builder function =
        FunctionProto.newBuilder().setDomain("mine").setName(name).addInput("x").addOutput("y");
    for (NodeProto node : nodes) {
      function.addNode(node);
    }
    return function.build();
  }

  private static NodeProto call(String name, String output, String... inputs) {
    return in("mine", node(name, output, inputs));
  }

  private static final FunctionProto SHIFT =
      function(
              "Shift",
              with(node("Gather", "y", "x", "x"), reference("axis", AttributeType.INT, "by")))
          .toBuilder()
          .addAttribute("by")
          .addAttributeProto(integer("preset", 1))
          .build();

  @Test
  void callsThatFit() {
    for (NodeProto call :
        new NodeProto[] {
          call("Shift", "out", "in"),
          call("Shift", "out"),
          with(call("Shift", "out", "in"), integer("by", 1), integer("preset", 2))
        }) {
      assertThatCode(() -> GuardedModel.passes(plus(GuardedModel.of(call), SHIFT)))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void callsThatDoNotFit() {
    assertRefused(plus(GuardedModel.of(call("Shift", "out", "in", "more")), SHIFT))
        .hasMessageContaining("node `out` (Shift): it has 2 inputs and 1 outputs");
    NodeProto two = call("Shift", "out", "in").toBuilder().addOutput("more").build();
    assertRefused(plus(GuardedModel.of(two), SHIFT)).hasMessageContaining("1 inputs and 2 outputs");
    NodeProto other = with(call("Shift", "out", "in"), integer("far", 1));
    assertRefused(plus(GuardedModel.of(other), SHIFT))
        .hasMessageContaining("attribute `far` is none of its function's [by, preset]");
    NodeProto typed =
        with(call("Shift", "out", "in"), attribute("by", AttributeType.FLOAT).setF(1).build());
    assertRefused(plus(GuardedModel.of(typed), SHIFT))
        .hasMessageContaining("`axis` is of type INT and refers to one of type FLOAT");
    ModelProto uncalled =
        plus(GuardedModel.of(), SHIFT, function("F", call("Shift", "y", "x", "x")));
    assertRefused(uncalled).hasMessageContaining("node `y` (Shift)");
  }

  @Test
  void referencesOutsideOfFunctions() {
    NodeProto node =
        with(node("Gather", "y", "x", "x"), reference("axis", AttributeType.INT, "by"));
    assertRefused(GuardedModel.of(node)).hasMessageContaining("stands in none");
  }

  @Test
  void definitions() {
    assertRefused(plus(GuardedModel.of(), SHIFT, SHIFT))
        .hasMessageContaining("`mine:Shift` is there twice");
    assertRefused(plus(GuardedModel.of(), SHIFT.toBuilder().clearOutput().build()))
        .hasMessageContaining("gives nothing");
    assertRefused(plus(GuardedModel.of(), SHIFT.toBuilder().addInput("x").build()))
        .hasMessageContaining("two inputs of one name");
    assertRefused(plus(GuardedModel.of(), SHIFT.toBuilder().setDomain("ai.onnx").build()))
        .hasMessageContaining("`ai.onnx:Shift` stands for a standard operator");
    FunctionProto overload = SHIFT.toBuilder().setOverload("other").build();
    assertThatCode(() -> GuardedModel.passes(plus(GuardedModel.of(), SHIFT, overload)))
        .doesNotThrowAnyException();
  }

  @Test
  void functionsThatCallThemselves() {
    FunctionProto f = function("F", call("G", "y", "x"));
    FunctionProto leaf = function("G", node("Identity", "y", "x"));
    assertThatCode(() -> GuardedModel.passes(plus(GuardedModel.of(), f, leaf)))
        .doesNotThrowAnyException();
    assertRefused(plus(GuardedModel.of(), f, function("G", call("F", "y", "x"))))
        .hasMessageContaining("`mine:F` calls itself")
        .hasMessageContaining("[mine:F, mine:G]");
  }

  @Test
  void callsOfCalls() {
    FunctionProto[] chain =
        IntStream.range(0, 70)
            .mapToObj(i -> function("F" + i, call("F" + (i + 1), "y", "x")))
            .toArray(FunctionProto[]::new);
    chain[69] = function("F69", node("Identity", "y", "x"));
    assertRefused(plus(GuardedModel.of(call("F0", "out", "in")), chain))
        .hasMessageContaining("too many between");
    FunctionProto[] wide =
        IntStream.range(0, 4).mapToObj(FunctionsTest::wide).toArray(FunctionProto[]::new);
    ModelProto model = plus(GuardedModel.of(call("F0", "out", "in")), wide);
    assertRefused(plus(model, function("F4", node("Identity", "y", "x"))))
        .hasMessageContaining("more than 1000000 nodes");
  }

  /** Calls the next one 200 times. */
  private static FunctionProto wide(int number) {
    NodeProto[] calls =
        IntStream.range(0, 200)
            .mapToObj(i -> call("F" + (number + 1), i == 0 ? "y" : "y" + i, "x"))
            .toArray(NodeProto[]::new);
    return function("F" + number, calls);
  }

  @Test
  void constantsInAnotherFileAreTakenIn(@TempDir Path folder) throws Exception {
    Files.write(folder.resolve("w.bin"), new byte[16]);
    TensorProto outside =
        TensorProto.newBuilder()
            .setDataType(DataType.INT64_VALUE)
            .addDims(2)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(
                StringStringEntryProto.newBuilder().setKey("location").setValue("w.bin"))
            .build();
    ModelProto model = plus(GuardedModel.of(), function("F", GuardedModel.constant("y", outside)));
    TensorProto inside =
        GraphGuard.checked(model, folder).getFunctions(0).getNode(0).getAttribute(0).getT();
    assertThat(inside.getRawData().size()).isEqualTo(16);
    assertThat(inside.getExternalDataCount()).isZero();
  }
}
