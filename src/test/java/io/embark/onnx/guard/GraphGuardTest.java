package io.embark.onnx.guard;

import static io.embark.onnx.StatesModel.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import io.embark.UserError;
import io.embark.onnx.BertModels;
import io.embark.onnx.StatesModel;
import io.embark.onnx.graph.TensorSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Broken graphs are refused in Java; nothing here reaches the native library. */
class GraphGuardTest {
  @TempDir Path folder;

  private static TensorProto.Builder tensor(DataType type, long... dims) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName("weight").setDataType(type.getNumber());
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    return tensor;
  }

  private static ByteString bytes(int count) {
    return ByteString.copyFrom(new byte[count]);
  }

  private static TensorProto.Builder external(TensorProto.Builder tensor, String... entries) {
    tensor.setDataLocation(TensorProto.DataLocation.EXTERNAL);
    for (int i = 0; i < entries.length; i += 2) {
      tensor.addExternalData(
          StringStringEntryProto.newBuilder().setKey(entries[i]).setValue(entries[i + 1]));
    }
    return tensor;
  }

  static Stream<TensorProto> brokenTensors() {
    return Stream.of(
            tensor(DataType.FLOAT, 2).setDataType(99).setRawData(bytes(8)),
            tensor(DataType.UNDEFINED, 2).setRawData(bytes(8)),
            tensor(DataType.FLOAT, 2).setRawData(bytes(7)),
            tensor(DataType.FLOAT, 3).setRawData(bytes(8)),
            tensor(DataType.FLOAT, 2).addFloatData(1),
            tensor(DataType.FLOAT),
            tensor(DataType.FLOAT16, 2).addInt32Data(1),
            tensor(DataType.INT64, 1).addInt32Data(1),
            tensor(DataType.DOUBLE, 2).addDoubleData(1),
            tensor(DataType.INT8, -2).setRawData(bytes(2)),
            tensor(DataType.INT8, 1L << 40, 1L << 40).setRawData(bytes(2)),
            tensor(DataType.STRING, 1).setRawData(bytes(1)),
            tensor(DataType.INT64, 1L << 58).setRawData(bytes(0)),
            tensor(DataType.INT8, 0, 1L << 40, 1L << 40),
            tensor(DataType.INT4, 3).addInt32Data(1),
            tensor(DataType.FLOAT, 2).setRawData(bytes(8)).addFloatData(1).addFloatData(1),
            tensor(DataType.FLOAT, 1)
                .addFloatData(1)
                .setSegment(TensorProto.Segment.newBuilder().setEnd(1)),
            external(tensor(DataType.FLOAT, 2), "location", "w.bin", "length", "4"),
            external(tensor(DataType.FLOAT, 2), "location", "w.bin", "mode", "x"),
            external(tensor(DataType.STRING, 2), "location", "w.bin"))
        .map(TensorProto.Builder::build);
  }

  private static ModelProto with(TensorProto weight) {
    ModelProto.Builder model = StatesModel.of(14, DataType.FLOAT).toBuilder();
    model.getGraphBuilder().addInitializer(weight);
    return model.build();
  }

  private static ModelProto with(NodeProto... nodes) {
    ModelProto.Builder model = StatesModel.of(14, DataType.FLOAT).toBuilder();
    Stream.of(nodes).forEach(model.getGraphBuilder()::addNode);
    return model.build();
  }

  private static NodeProto constant(TensorProto value) {
    return node("Constant", "value").toBuilder()
        .addAttribute(
            AttributeProto.newBuilder().setName("value").setType(AttributeType.TENSOR).setT(value))
        .build();
  }

  @ParameterizedTest
  @MethodSource("brokenTensors")
  void tensorsThatDoNotHoldWhatTheyDeclare(TensorProto tensor) throws IOException {
    Files.write(folder.resolve("w.bin"), new byte[64]);
    for (ModelProto model : new ModelProto[] {with(tensor), with(constant(tensor))}) {
      assertThatThrownBy(() -> GraphGuard.checked(model, folder))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("`weight`")
          .hasMessageContaining("is broken");
    }
  }

  private static ModelProto plus(ModelProto model, TensorProto weight) {
    ModelProto.Builder more = model.toBuilder();
    more.getGraphBuilder().addInitializer(weight);
    return more.build();
  }

  @Test
  void graphsTooDeep() {
    GraphProto inner =
        GraphProto.newBuilder()
            .setName("inner")
            .addOutput(TensorSignature.declare("x", DataType.FLOAT, 1))
            .build();
    for (int depth = 0; depth < 9; depth++) {
      inner =
          GraphProto.newBuilder()
              .setName("g" + depth)
              .addNode(
                  GuardedModel.with(
                      node("If", "out", "b"),
                      GuardedModel.graph("then_branch", inner),
                      GuardedModel.graph("else_branch", inner)))
              .addOutput(TensorSignature.declare("out", DataType.FLOAT, 1))
              .build();
    }
    ModelProto deep = StatesModel.of(14, DataType.FLOAT).toBuilder().setGraph(inner).build();
    assertThatThrownBy(() -> GraphGuard.checked(deep, folder)).hasMessageContaining("nested");
  }

  @Test
  void twoWeightsOfOneName() {
    TensorProto weight = tensor(DataType.FLOAT, 1).addFloatData(1).build();
    assertThatThrownBy(() -> GraphGuard.checked(plus(with(weight), weight), folder))
        .hasMessageContaining("two weights are called `weight`");
  }

  @Test
  void smallTensorsInAnotherFileAreTakenIn() throws IOException {
    byte[] data = new byte[100];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) i;
    }
    Files.write(folder.resolve("w.bin"), data);
    TensorProto outside =
        external(tensor(DataType.INT64, 2), "location", "w.bin", "offset", "8", "length", "16")
            .build();
    ModelProto taken = GraphGuard.checked(with(constant(outside)), folder);
    TensorProto inside = taken.getGraph().getNode(2).getAttribute(0).getT();
    assertThat(inside.getDataLocation()).isEqualTo(TensorProto.DataLocation.DEFAULT);
    assertThat(inside.getRawData().toByteArray()).containsExactly(Arrays.copyOfRange(data, 8, 24));
    assertThat(GraphGuard.checked(with(outside), folder).getGraph().getInitializer(0).getRawData())
        .isEqualTo(inside.getRawData());
    TensorProto elsewhere =
        external(tensor(DataType.INT64, 2), "location", "../w.bin", "length", "16").build();
    assertThatThrownBy(() -> GraphGuard.checked(with(constant(elsewhere)), folder))
        .hasMessageContaining("outside its own folder");
    TensorProto beyond =
        external(tensor(DataType.INT64, 20), "location", "w.bin", "length", "160").build();
    assertThatThrownBy(() -> GraphGuard.checked(with(beyond), folder))
        .hasMessageContaining("wanted are 160 bytes");
    TensorProto weight = external(tensor(DataType.FLOAT, 1000), "location", "w.bin").build();
    assertThatThrownBy(() -> GraphGuard.checked(with(weight), folder))
        .hasMessageContaining("wanted are 4000 bytes");
  }

  @Test
  void everyGraphOfTheTestsIsWhole() throws Exception {
    for (String name :
        new String[] {
          "bert-opset11",
          "bert-opset14",
          "bert-opset14-float16",
          "bert-opset14-fused",
          "bert-opset17",
          "bert-dynamo-opset21"
        }) {
      Path file = BertModels.copy("onnx/" + name + ".onnx", folder);
      ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
      assertThat(GraphGuard.checked(model, folder)).isSameAs(model);
    }
  }
}
