package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The declaration of an input or output of a graph.
 *
 * @param type element type, {@code UNDEFINED} if it is no tensor
 * @param dims sizes as declared, a number or a symbol or {@code ?}; null if no shape is declared
 */
public record TensorSignature(String name, DataType type, List<String> dims) {
  static TensorSignature of(ValueInfoProto value) {
    TypeProto.Tensor tensor = value.getType().getTensorType();
    DataType type = DataType.forNumber(tensor.getElemType());
    List<String> dims =
        tensor.hasShape()
            ? tensor.getShape().getDimList().stream().map(TensorSignature::dim).toList()
            : null;
    return new TensorSignature(value.getName(), type == null ? DataType.UNDEFINED : type, dims);
  }

  /**
   * @param dims numbers, or symbols: of our own, as exporters give one name to sizes that differ
   */
  public static ValueInfoProto declare(String name, DataType type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dim : dims) {
      if (dim instanceof Integer size) {
        shape.addDim(Dimension.newBuilder().setDimValue(size));
      } else {
        shape.addDim(Dimension.newBuilder().setDimParam("embark_" + dim));
      }
    }
    return declare(name, TypeProto.Tensor.newBuilder().setShape(shape), type);
  }

  static ValueInfoProto ofAnyShape(String name, DataType type) {
    return declare(name, TypeProto.Tensor.newBuilder(), type);
  }

  private static ValueInfoProto declare(
      String name, TypeProto.Tensor.Builder tensor, DataType type) {
    tensor.setElemType(type.getNumber());
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  private static String dim(Dimension dim) {
    return switch (dim.getValueCase()) {
      case DIM_VALUE -> String.valueOf(dim.getDimValue());
      case DIM_PARAM -> dim.getDimParam();
      case VALUE_NOT_SET -> "?";
    };
  }

  boolean hasRank(int rank) {
    return dims != null && dims.size() == rank;
  }

  boolean isFloat() {
    return switch (type) {
      case FLOAT, FLOAT16, BFLOAT16, DOUBLE -> true;
      default -> false;
    };
  }

  /** The size of a dimension, or -1 if the graph leaves it open. */
  int size(int dim) {
    String size = dims.get(dim);
    return size.matches("[0-9]{1,9}") ? Integer.parseInt(size) : -1;
  }

  /** E.g. {@code last_hidden_state:float[batch,sequence,384]}. */
  @Override
  public String toString() {
    String shape =
        dims == null ? "[shape unknown]" : dims.stream().collect(Collectors.joining(",", "[", "]"));
    return name + ":" + type.name().toLowerCase(Locale.ROOT) + shape;
  }
}
