package io.embark.model;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The files in which an {@code .onnx} file says that its weights are. They can have any name, so
 * the graph has to be asked.
 */
public final class ExternalData {
  /** From the model to the entries of its tensors, each in a field of the message before. */
  private static final int[] FIELDS = {
    ModelProto.GRAPH_FIELD_NUMBER,
    GraphProto.INITIALIZER_FIELD_NUMBER,
    TensorProto.EXTERNAL_DATA_FIELD_NUMBER
  };

  private ExternalData() {}

  /**
   * Reads the locations without reading the weights.
   *
   * @return paths relative to the graph's folder; empty if there are none, or if the file is no
   *     ONNX model, which opening it reports better
   */
  public static SortedSet<String> of(Path onnxFile) throws IOException {
    SortedSet<String> locations = new TreeSet<>();
    try (FileChannel file = FileChannel.open(onnxFile)) {
      // Protobuf ends at 2 GiB, and so does a mapping.
      long size = Math.min(file.size(), Integer.MAX_VALUE);
      ByteBuffer bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, size);
      CodedInputStream model = CodedInputStream.newInstance(bytes);
      model.setSizeLimit(Integer.MAX_VALUE);
      collect(model, 0, locations);
    } catch (InvalidProtocolBufferException e) {
      return new TreeSet<>();
    }
    return locations;
  }

  /** Reads the message at a depth of {@link #FIELDS}, and skips its other fields. */
  private static void collect(CodedInputStream in, int depth, SortedSet<String> locations)
      throws IOException {
    if (depth == FIELDS.length) {
      StringStringEntryProto entry =
          StringStringEntryProto.parseFrom(in.readRawBytes(in.getBytesUntilLimit()));
      if (entry.getKey().equals("location") && !entry.getValue().isEmpty()) {
        locations.add(entry.getValue());
      }
      return;
    }
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == FIELDS[depth]
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int outer = in.pushLimit(in.readRawVarint32());
        collect(in, depth + 1, locations);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
  }
}
