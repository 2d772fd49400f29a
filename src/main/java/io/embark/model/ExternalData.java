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
      each(
          model,
          ModelProto.GRAPH_FIELD_NUMBER,
          graph ->
              each(
                  graph,
                  GraphProto.INITIALIZER_FIELD_NUMBER,
                  tensor ->
                      each(
                          tensor,
                          TensorProto.EXTERNAL_DATA_FIELD_NUMBER,
                          entry -> addLocation(entry, locations))));
    } catch (InvalidProtocolBufferException e) {
      return new TreeSet<>();
    }
    return locations;
  }

  private interface Reader {
    void read(CodedInputStream message) throws IOException;
  }

  /** Reads every message in one field of the message around it, and skips the other fields. */
  private static void each(CodedInputStream in, int field, Reader reader) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == field
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int outer = in.pushLimit(in.readRawVarint32());
        reader.read(in);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
  }

  private static void addLocation(CodedInputStream in, SortedSet<String> locations)
      throws IOException {
    StringStringEntryProto entry =
        StringStringEntryProto.parseFrom(in.readRawBytes(in.getBytesUntilLimit()));
    if (entry.getKey().equals("location") && !entry.getValue().isEmpty()) {
      locations.add(entry.getValue());
    }
  }
}
