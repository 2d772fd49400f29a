package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.*;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes operators as nodes of a graph; every method returns the name of the tensor it makes. The
 * same operator on the same inputs is written once.
 *
 * <p>Operators are those that do not differ between opsets 11 and 23, but for the reductions:
 * reshaping stands for Unsqueeze and Squeeze, whose axes became an input at 13.
 */
public final class GraphOps {
  /** The domain of ONNX Runtime's own operators, beside those of the ONNX standard. */
  public static final String RUNTIME_DOMAIN = "com.microsoft";

  private static final String PREFIX = "embark/";

  private final long opset;
  private final Set<String> taken;
  private final List<NodeProto> nodes = new ArrayList<>();
  private final Map<NodeProto, String> written = new HashMap<>();

  /**
   * @param taken names of the graph's tensors
   */
  public GraphOps(long opset, Set<String> taken) {
    this.opset = opset;
    this.taken = taken;
  }

  /** Declares that the model uses ONNX Runtime's own operators. */
  public static ModelProto.Builder withRuntimeOps(ModelProto.Builder model) {
    if (model.getOpsetImportList().stream().noneMatch(o -> o.getDomain().equals(RUNTIME_DOMAIN))) {
      model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(RUNTIME_DOMAIN).setVersion(1));
    }
    return model;
  }

  public List<NodeProto> nodes() {
    return nodes;
  }

  /** {@code ReduceSum}, {@code ReduceMean}, {@code ReduceMax} or {@code ReduceL2}. */
  public String reduce(String operator, String x, int axis, boolean keepDims) {
    AttributeProto keep = integer("keepdims", keepDims ? 1 : 0);
    if (opset >= (operator.equals("ReduceSum") ? 13 : 18)) {
      return node(operator, List.of(x, longs(axis)), keep);
    }
    AttributeProto axes = attribute("axes", AttributeType.INTS).addInts(axis).build();
    return node(operator, List.of(x), axes, keep);
  }

  /** An operator without attributes, e.g. {@code Add}. */
  public String apply(String operator, String... inputs) {
    return node(operator, List.of(inputs));
  }

  String cast(String x, DataType type) {
    return node("Cast", List.of(x), integer("to", type.getNumber()));
  }

  /** The position of the first largest value along an axis, which is dropped. */
  String argMax(String x, int axis) {
    return node("ArgMax", List.of(x), integer("axis", axis), integer("keepdims", 0));
  }

  String gatherElements(String x, String indices, int axis) {
    return node("GatherElements", List.of(x, indices), integer("axis", axis));
  }

  /**
   * @param shape as in ONNX: 0 keeps a dimension, -1 stands for the rest
   */
  public String reshape(String x, long... shape) {
    return apply("Reshape", x, longs(shape));
  }

  /** The first {@code size} entries along an axis. */
  String first(String x, int size, int axis) {
    return apply("Slice", x, longs(0), longs(size), longs(axis));
  }

  String constant(float value) {
    return constant(
        TensorProto.newBuilder().setDataType(DataType.FLOAT.getNumber()).addFloatData(value));
  }

  String longs(long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDataType(DataType.INT64.getNumber()).addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return constant(tensor);
  }

  /**
   * A constant of any size.
   *
   * @param dims its shape; the values are row-major
   */
  String floats(float[] values, long... dims) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDataType(DataType.FLOAT.getNumber())
            .setRawData(ByteString.copyFrom(bytes));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    return constant(tensor);
  }

  /** Float32 zeros of a shape that the graph computes, an int64 vector. */
  String zeros(String shape) {
    return node("ConstantOfShape", List.of(shape));
  }

  /** Vectors joined to one. */
  String concat(List<String> parts) {
    return node("Concat", parts, integer("axis", 0));
  }

  /** Gives a tensor a name of its own. */
  public void name(String tensor, String name) {
    nodes.add(
        NodeProto.newBuilder().setOpType("Identity").addInput(tensor).addOutput(name).build());
  }

  private String constant(TensorProto.Builder tensor) {
    // Constant nodes rather than weights: before IR version 4 a weight had to be an input too.
    return node(
        "Constant", List.of(), attribute("value", AttributeType.TENSOR).setT(tensor).build());
  }

  static AttributeProto integer(String name, long value) {
    return attribute(name, AttributeType.INT).setI(value).build();
  }

  static AttributeProto.Builder attribute(String name, AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  private String node(String operator, List<String> inputs, AttributeProto... attributes) {
    NodeProto node =
        NodeProto.newBuilder()
            .setOpType(operator)
            .addAllInput(inputs)
            .addAllAttribute(List.of(attributes))
            .build();
    return written.computeIfAbsent(
        node,
        n -> {
          String output = PREFIX + operator + "_" + nodes.size();
          while (!taken.add(output)) {
            output += "_";
          }
          nodes.add(n.toBuilder().setName(output).addOutput(output).build());
          return output;
        });
  }
}
