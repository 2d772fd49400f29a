package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The values of a tensor of whole numbers that a graph states, in whatever form and behind nodes
 * that keep them; without their order and shape.
 */
record WholeNumbers(DataType type, long[] values) {
  private static final Set<DataType> WHOLE =
      EnumSet.of(
          DataType.INT8,
          DataType.INT16,
          DataType.INT32,
          DataType.INT64,
          DataType.UINT8,
          DataType.UINT16,
          DataType.UINT32,
          DataType.UINT64);

  private static final Set<String> KEEPING =
      Set.of("Identity", "Squeeze", "Unsqueeze", "Reshape", "Expand", "Flatten", "Transpose");

  /** Nodes that keep values, one behind the other; no exporter leaves more than a few. */
  private static final int FARTHEST = 1000;

  /** Empty if the tensor is none of whole numbers, or its values are not known before it is run. */
  static Optional<WholeNumbers> of(String tensor, Scope scope) {
    Deque<DataType> casts = new ArrayDeque<>();
    Scope.Origin origin = scope.origin(tensor);
    for (int step = 0; step < FARTHEST; step++) {
      NodeProto maker = origin.maker();
      if (maker == null) {
        return Optional.ofNullable(origin.weight()).flatMap(weight -> read(weight, casts));
      }
      String operator = NodeGuard.operator(maker);
      if (Set.of("Constant", "ConstantOfShape").contains(operator)) {
        return maker.getAttributeList().stream()
            .filter(attribute -> attribute.getRefAttrName().isEmpty())
            .findFirst()
            .flatMap(attribute -> read(stated(attribute), casts));
      }
      boolean cast = operator.equals("Cast");
      if (!cast && !KEEPING.contains(operator) || maker.getInputCount() == 0) {
        return Optional.empty();
      }
      if (cast) {
        casts.push(target(maker));
      }
      origin = origin.scope().origin(maker.getInput(0));
    }
    throw new UserError(
        "the graph is broken: `%s` is the end of more than %d nodes that change nothing."
            .formatted(tensor, FARTHEST));
  }

  private static DataType target(NodeProto cast) {
    return cast.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals("to"))
        .findFirst()
        .map(attribute -> DataType.forNumber((int) attribute.getI()))
        .orElse(DataType.UNDEFINED);
  }

  private static TensorProto stated(AttributeProto attribute) {
    TensorProto.Builder tensor = TensorProto.newBuilder();
    return switch (attribute.getType()) {
      case INT -> tensor.setDataType(DataType.INT64_VALUE).addInt64Data(attribute.getI()).build();
      case INTS ->
          tensor.setDataType(DataType.INT64_VALUE).addAllInt64Data(attribute.getIntsList()).build();
      case FLOAT -> tensor.setDataType(DataType.FLOAT_VALUE).addFloatData(attribute.getF()).build();
      case FLOATS ->
          tensor
              .setDataType(DataType.FLOAT_VALUE)
              .addAllFloatData(attribute.getFloatsList())
              .build();
      default -> attribute.getT();
    };
  }

  private static Optional<WholeNumbers> read(TensorProto tensor, Deque<DataType> casts) {
    DataType stated = DataType.forNumber(tensor.getDataType());
    DataType type = casts.isEmpty() ? stated : casts.getLast();
    if (stated == null || !WHOLE.contains(type)) {
      return Optional.empty();
    }
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      throw new UserError(
          "the graph is broken: `%s` is large, in another file, and one of the numbers in a division."
              .formatted(tensor.getName()));
    }
    LongStream values = tensor.hasRawData() ? raw(tensor, stated) : listed(tensor);
    for (DataType cast : casts) {
      values = values.map(value -> narrowed(value, cast));
    }
    return Optional.of(new WholeNumbers(type, values.toArray()));
  }

  private static LongStream listed(TensorProto tensor) {
    LongStream whole =
        List.of(tensor.getInt64DataList(), tensor.getInt32DataList(), tensor.getUint64DataList())
            .stream()
            .flatMapToLong(values -> values.stream().mapToLong(Number::longValue));
    LongStream fractions =
        List.of(tensor.getFloatDataList(), tensor.getDoubleDataList()).stream()
            .flatMapToLong(values -> values.stream().mapToLong(Number::longValue));
    return LongStream.concat(whole, fractions);
  }

  private static LongStream raw(TensorProto tensor, DataType type) {
    ByteBuffer bytes =
        tensor.getRawData().asReadOnlyByteBuffer().slice().order(ByteOrder.LITTLE_ENDIAN);
    return switch (type) {
      case INT64, UINT64 -> each(bytes, 8, bytes::getLong);
      case INT32, UINT32 -> each(bytes, 4, bytes::getInt);
      case INT16, UINT16 -> each(bytes, 2, bytes::getShort);
      case INT8, UINT8, BOOL -> each(bytes, 1, bytes::get);
      case FLOAT -> each(bytes, 4, at -> (long) bytes.getFloat(at));
      case DOUBLE -> each(bytes, 8, at -> (long) bytes.getDouble(at));
      default -> LongStream.empty();
    };
  }

  private static LongStream each(ByteBuffer bytes, int width, IntToLongFunction value) {
    return IntStream.range(0, bytes.limit() / width).mapToLong(i -> value.applyAsLong(i * width));
  }

  private static long narrowed(long value, DataType to) {
    return switch (to) {
      case BOOL -> value == 0 ? 0 : 1;
      case INT8, UINT8 -> (byte) value;
      case INT16, UINT16 -> (short) value;
      case INT32, UINT32 -> (int) value;
      default -> value;
    };
  }

  boolean contains(long wanted) {
    return LongStream.of(values).anyMatch(value -> value == wanted);
  }
}
