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
  private final SortedSet<String> locations = new TreeSet<>();

  private ExternalData() {}

  /**
   * Reads the places without reading the weights.
   *
   * @return paths relative to the graph's folder; empty if there are none, or if the file is no
   *     ONNX model, which opening it will say better
   */
  public static SortedSet<String> of(Path onnxFile) throws IOException {
    ExternalData found = new ExternalData();
    try (FileChannel file = FileChannel.open(onnxFile)) {
      // Protobuf ends at 2 GiB, and so does a mapping.
      long size = Math.min(file.size(), Integer.MAX_VALUE);
      ByteBuffer bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, size);
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      in.setSizeLimit(Integer.MAX_VALUE);
      found.inModel(in);
    } catch (InvalidProtocolBufferException e) {
      return new TreeSet<>();
    }
    return found.locations;
  }

  private interface Reader {
    void read(CodedInputStream in) throws IOException;
  }

  private static void inside(CodedInputStream in, Reader reader) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    reader.read(in);
    in.popLimit(outer);
  }

  private static void eachField(CodedInputStream in, int field, Reader reader) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == field
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        reader.read(in);
      } else {
        in.skipField(tag);
      }
    }
  }

  private void inModel(CodedInputStream in) throws IOException {
    eachField(in, ModelProto.GRAPH_FIELD_NUMBER, graph -> inside(graph, this::inGraph));
  }

  private void inGraph(CodedInputStream in) throws IOException {
    eachField(in, GraphProto.INITIALIZER_FIELD_NUMBER, tensor -> inside(tensor, this::inTensor));
  }

  private void inTensor(CodedInputStream in) throws IOException {
    eachField(in, TensorProto.EXTERNAL_DATA_FIELD_NUMBER, entry -> inside(entry, this::inEntry));
  }

  private void inEntry(CodedInputStream in) throws IOException {
    StringStringEntryProto entry =
        StringStringEntryProto.parseFrom(in.readRawBytes(in.getBytesUntilLimit()));
    if (entry.getKey().equals("location") && !entry.getValue().isEmpty()) {
      locations.add(entry.getValue());
    }
  }
}
