package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.embark.UserError;
import io.embark.onnx.guard.ExternalData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Reads an {@code .onnx} file and checks the files that hold its external weights. */
final class ModelFile {
  /** Protobuf ends at 2 GiB; the rest is room for the nodes that are added. */
  private static final long MAX_BYTES = Integer.MAX_VALUE - (16L << 20);

  private ModelFile() {}

  /**
   * Reads a model whose weights are views of the mapped file; external weights are not read.
   *
   * @throws UserError if the file is missing, too large or no ONNX model
   */
  static ModelProto read(Path path) {
    try {
      long size = Files.size(path);
      if (size > MAX_BYTES) {
        throw new UserError(
            ("ONNX model `%s` has %d bytes in one file; an .onnx file ends at 2 GiB. Save it with"
                    + " external data: the graph in the .onnx file, the weights in a file beside"
                    + " it.")
                .formatted(path, size));
      }
      return parse(map(path), path);
    } catch (NoSuchFileException e) {
      throw new UserError("ONNX model `" + path + "` does not exist.", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read ONNX model `" + path + "`", e);
    }
  }

  /** A model read by {@link #read}, with pointers into the file instead of its large weights. */
  static ModelProto pointingInto(Path path, ModelProto model) {
    try {
      return WeightsInPlace.pointedTo(model, path.getFileName().toString(), map(path));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read ONNX model `" + path + "`", e);
    }
  }

  private static ByteBuffer map(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path)) {
      return file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
    }
  }

  private static ModelProto parse(ByteBuffer bytes, Path path) throws IOException {
    try {
      CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
      in.enableAliasing(true);
      ModelProto model = ModelProto.parseFrom(in);
      if (in.isAtEnd() && model.hasGraph() && model.getGraph().getNodeCount() > 0) {
        return model;
      }
      throw notOnnx(path, bytes.capacity(), "it holds no graph", null);
    } catch (InvalidProtocolBufferException e) {
      throw notOnnx(path, bytes.capacity(), e.getMessage(), e);
    }
  }

  private static UserError notOnnx(Path path, int size, String reason, Exception cause) {
    return new UserError(
        ("`%s` (%d bytes) is not a readable ONNX model: %s. Is it whole? A Git LFS pointer has"
                + " about 130 bytes.")
            .formatted(path, size, reason),
        cause);
  }

  /**
   * Whether the model keeps weights in other files; if so, checks that they are in its folder.
   *
   * @throws UserError if such a file is missing, too short or outside the folder
   */
  static boolean checkExternalData(ModelProto model, Path folder) {
    Map<String, Long> ends = new HashMap<>();
    for (TensorProto tensor : model.getGraph().getInitializerList()) {
      if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
        Map<String, String> entries = ExternalData.of(tensor);
        long end =
            ExternalData.number(entries, "offset", tensor)
                + ExternalData.number(entries, "length", tensor);
        ends.merge(entries.getOrDefault("location", ""), end, Math::max);
      }
    }
    ends.forEach((location, end) -> ExternalData.check(folder, location, end));
    return !ends.isEmpty();
  }
}
