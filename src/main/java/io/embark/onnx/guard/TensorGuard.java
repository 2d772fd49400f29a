package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import io.embark.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Checks that a tensor holds what it declares, before native code reads it; small ones that lie in
 * another file are taken into the graph, where optimisers look at them.
 *
 * @param folder of the graph, in which other files with weights must lie
 */
record TensorGuard(Path folder) {
  private static final int SMALL = 512;
  private static final int MOST_SIZES = 1 << 24;
  private static final int LARGEST_TAKEN = 1 << 28;

  /** Their bits can still be counted in a long. */
  private static final long MOST_VALUES = Long.MAX_VALUE >> 8;

  private static final Set<String> KEYS = Set.of("location", "offset", "length", "checksum");

  /** Whether a tensor has to be replaced by {@link #taken}. */
  boolean isToBeTaken(TensorProto tensor, boolean weight) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL
        && (!weight || bytes(tensor) <= (isOfSizes(tensor) ? MOST_SIZES : SMALL));
  }

  /**
   * @throws UserError if its type, its dimensions or its data contradict each other
   */
  void require(TensorProto tensor) {
    DataType type = DataType.forNumber(tensor.getDataType());
    if (type == null || type == DataType.UNDEFINED) {
      throw broken(tensor, "has the unknown type " + tensor.getDataType());
    }
    long count = count(tensor);
    if (tensor.hasSegment() || fields(tensor) > 1) {
      throw broken(tensor, "holds its values in more than one form, or only a part of them");
    }
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      requireExternal(tensor, type);
    } else if (type == DataType.STRING) {
      if (tensor.hasRawData() || tensor.getStringDataCount() != count) {
        throw broken(
            tensor, "holds %d texts, not the %d declared", tensor.getStringDataCount(), count);
      }
    } else if (tensor.hasRawData()) {
      if (tensor.getRawData().size() != bytes(tensor)) {
        throw broken(
            tensor,
            "holds %d bytes, not the %d declared",
            tensor.getRawData().size(),
            bytes(tensor));
      }
    } else {
      // Two numbers of 4 bits are one value.
      long wanted = bits(type) < 8 ? bytes(tensor) : count;
      if (values(tensor, type) != wanted) {
        throw broken(tensor, "holds %d values, not the %d declared", values(tensor, type), wanted);
      }
    }
  }

  private void requireExternal(TensorProto tensor, DataType type) {
    Map<String, String> at = ExternalData.of(tensor);
    if (type == DataType.STRING || !KEYS.containsAll(at.keySet()) || tensor.hasRawData()) {
      throw broken(tensor, "has data in another file in a way that is not known (%s)", at.keySet());
    }
    String length = at.get("length");
    if (length != null && !length.equals(Long.toString(bytes(tensor)))) {
      throw broken(
          tensor, "has %s bytes in another file, not the %d declared", length, bytes(tensor));
    }
    if (length == null) {
      long end = ExternalData.number(at, "offset", tensor) + bytes(tensor);
      ExternalData.check(folder, at.getOrDefault("location", ""), end);
    }
  }

  /**
   * The tensor with its data in itself.
   *
   * @throws UserError if it is too large for that, or the file ends before it
   */
  TensorProto taken(TensorProto tensor) {
    require(tensor);
    Map<String, String> at = ExternalData.of(tensor);
    long bytes = bytes(tensor);
    if (bytes > LARGEST_TAKEN) {
      throw broken(
          tensor,
          "has %d bytes in another file, where only weights of floats may have so many",
          bytes);
    }
    long from = ExternalData.number(at, "offset", tensor);
    String location = at.getOrDefault("location", "");
    ExternalData.check(folder, location, from + bytes);
    try (FileChannel file = FileChannel.open(folder.resolve(location))) {
      ByteBuffer read = ByteBuffer.allocate((int) bytes);
      int n = 0;
      while (read.hasRemaining() && n >= 0) {
        n = file.read(read, from + read.position());
      }
      if (read.hasRemaining()) {
        throw broken(tensor, "ends behind its file `%s`", location);
      }
      return tensor.toBuilder()
          .clearExternalData()
          .clearDataLocation()
          .setRawData(ByteString.copyFrom(read.flip()))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the model's weights in `" + folder + "`", e);
    }
  }

  private long count(TensorProto tensor) {
    long count = 1;
    for (long dim : tensor.getDimsList()) {
      if (dim < 0 || dim > 0 && count > MOST_VALUES / dim) {
        throw broken(tensor, "has impossible dimensions");
      }
      count *= Math.max(1, dim);
    }
    return tensor.getDimsList().contains(0L) ? 0 : count;
  }

  private long bytes(TensorProto tensor) {
    DataType type = DataType.forNumber(tensor.getDataType());
    return (count(tensor) * (type == null ? 0 : bits(type)) + 7) / 8;
  }

  /** Whether of a type that shapes and indices have. */
  private static boolean isOfSizes(TensorProto tensor) {
    DataType type = DataType.forNumber(tensor.getDataType());
    return type == DataType.INT64 || type == DataType.INT32 || type == DataType.BOOL;
  }

  private static int bits(DataType type) {
    return switch (type) {
      case INT64, UINT64, DOUBLE, COMPLEX64 -> 64;
      case COMPLEX128 -> 128;
      case INT32, UINT32, FLOAT -> 32;
      case INT16, UINT16, FLOAT16, BFLOAT16 -> 16;
      case STRING, UNDEFINED -> 0;
      default -> type.name().endsWith("INT4") ? 4 : 8;
    };
  }

  /** How many of the fields for values are used. */
  private static long fields(TensorProto tensor) {
    return Stream.of(
            tensor.getRawData().size(),
            tensor.getStringDataCount(),
            tensor.getFloatDataCount(),
            tensor.getDoubleDataCount(),
            tensor.getInt32DataCount(),
            tensor.getInt64DataCount(),
            tensor.getUint64DataCount())
        .filter(size -> size > 0)
        .count();
  }

  /** Values in the field for the type. */
  private static int values(TensorProto tensor, DataType type) {
    return switch (type) {
      case FLOAT -> tensor.getFloatDataCount();
      case COMPLEX64 -> tensor.getFloatDataCount() / 2;
      case DOUBLE -> tensor.getDoubleDataCount();
      case COMPLEX128 -> tensor.getDoubleDataCount() / 2;
      case INT64 -> tensor.getInt64DataCount();
      case UINT32, UINT64 -> tensor.getUint64DataCount();
      default -> tensor.getInt32DataCount();
    };
  }

  private static UserError broken(TensorProto tensor, String what, Object... arguments) {
    return new UserError(
        "the model is broken: tensor `%s`, dimensions %s, %s. Export or fetch it again."
            .formatted(tensor.getName(), tensor.getDimsList(), what.formatted(arguments)));
  }
}
