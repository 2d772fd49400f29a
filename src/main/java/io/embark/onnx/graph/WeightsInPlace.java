package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Where the weights of an {@code .onnx} file lie in that file. An edited model points there, as
 * ONNX's external data does, instead of carrying them: a model of any size is edited in little
 * memory, and ONNX Runtime reads the weights from the file the user gave.
 */
final class WeightsInPlace {
  /** What is smaller stays in the model: shapes and the like, which optimisers want to see. */
  private static final int LEAST_BYTES = 4096;

  private record Span(long offset, int length) {}

  private final String fileName;
  private final Map<String, Span> spans = new HashMap<>();

  private WeightsInPlace(String fileName) {
    this.fileName = fileName;
  }

  /**
   * Finds the weights without reading them.
   *
   * @param fileName the file's name without its folder
   * @param bytes the file
   */
  static WeightsInPlace of(String fileName, ByteBuffer bytes) throws IOException {
    WeightsInPlace weights = new WeightsInPlace(fileName);
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    in.setSizeLimit(Integer.MAX_VALUE);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (isMessage(tag, ModelProto.GRAPH_FIELD_NUMBER)) {
        int outer = in.pushLimit(in.readRawVarint32());
        weights.findInGraph(in);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
    return weights;
  }

  private void findInGraph(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (isMessage(tag, GraphProto.INITIALIZER_FIELD_NUMBER)) {
        int outer = in.pushLimit(in.readRawVarint32());
        findInTensor(in);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
  }

  private void findInTensor(CodedInputStream in) throws IOException {
    String name = "";
    Span span = null;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (isMessage(tag, TensorProto.NAME_FIELD_NUMBER)) {
        name = in.readString();
      } else if (isMessage(tag, TensorProto.RAW_DATA_FIELD_NUMBER)) {
        int length = in.readRawVarint32();
        span = new Span(in.getTotalBytesRead(), length);
        in.skipRawBytes(length);
      } else {
        in.skipField(tag);
      }
    }
    if (span != null && span.length >= LEAST_BYTES) {
      spans.put(name, span);
    }
  }

  private static boolean isMessage(int tag, int field) {
    return WireFormat.getTagFieldNumber(tag) == field
        && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  /** The graph with pointers into the file instead of large weights. */
  GraphProto pointedTo(GraphProto graph) {
    GraphProto.Builder edited = graph.toBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      Span span = spans.get(graph.getInitializer(i).getName());
      if (span != null) {
        edited
            .getInitializerBuilder(i)
            .clearRawData()
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", fileName))
            .addExternalData(entry("offset", Long.toString(span.offset)))
            .addExternalData(entry("length", Integer.toString(span.length)));
      }
    }
    return edited.build();
  }

  /** Whether nothing is pointed to. */
  boolean isEmpty() {
    return spans.isEmpty();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
