package io.embark.onnx.guard;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import io.embark.UserError;
import io.embark.onnx.StatesModel;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;

/**
 * Models for the guard alone. None can be loaded, whatever is in it: one of its tensors is made of
 * what is not there.
 */
final class GuardedModel {
  private GuardedModel() {}

  static ModelProto of(NodeProto... nodes) {
    ModelProto.Builder model = StatesModel.of(14, DataType.FLOAT).toBuilder();
    model
        .getGraphBuilder()
        .addNode(StatesModel.node("Identity", "nowhere", "not_there"))
        .addAllNode(List.of(nodes));
    return model.build();
  }

  static ModelProto plus(ModelProto model, TensorProto... weights) {
    ModelProto.Builder more = model.toBuilder();
    more.getGraphBuilder().addAllInitializer(List.of(weights));
    return more.build();
  }

  static ModelProto plus(ModelProto model, FunctionProto... functions) {
    return model.toBuilder().addAllFunctions(List.of(functions)).build();
  }

  static AbstractThrowableAssert<?, ?> assertRefused(ModelProto model) {
    return assertThatThrownBy(() -> passes(model)).isInstanceOf(UserError.class);
  }

  static void passes(ModelProto model) {
    GraphGuard.checked(model, Path.of(""));
  }

  static NodeProto with(NodeProto node, AttributeProto... attributes) {
    return node.toBuilder().addAllAttribute(List.of(attributes)).build();
  }

  static NodeProto in(String domain, NodeProto node) {
    return node.toBuilder().setDomain(domain).build();
  }

  static AttributeProto text(String name, String value) {
    return attribute(name, AttributeType.STRING).setS(ByteString.copyFromUtf8(value)).build();
  }

  static AttributeProto integer(String name, long value) {
    return attribute(name, AttributeType.INT).setI(value).build();
  }

  static AttributeProto graph(String name, GraphProto value) {
    return attribute(name, AttributeType.GRAPH).setG(value).build();
  }

  static AttributeProto reference(String name, AttributeType type, String to) {
    return attribute(name, type).setRefAttrName(to).build();
  }

  static AttributeProto.Builder attribute(String name, AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  static NodeProto constant(String output, TensorProto value) {
    return with(
        StatesModel.node("Constant", output),
        attribute("value", AttributeType.TENSOR).setT(value).build());
  }

  static TensorProto longs(String name, Long... values) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(DataType.INT64_VALUE)
        .addDims(values.length)
        .addAllInt64Data(List.of(values))
        .build();
  }

  static TensorProto floats(String name, long... dims) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(DataType.FLOAT_VALUE);
    int count = 1;
    for (long dim : dims) {
      tensor.addDims(dim);
      count *= (int) dim;
    }
    return tensor.setRawData(ByteString.copyFrom(new byte[4 * count])).build();
  }
}
