package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.*;
import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds where the weights of an {@code .onnx} file lie in that file. An edited model points there,
 * as ONNX's external data does, instead of carrying them: a model of any size is edited in little
 * memory, and ONNX Runtime reads the weights from the file the user gave.
 */
final class WeightsInPlace {
  /** What is smaller stays in the model: shapes and the like, which optimisers want to see. */
  private static final int LEAST_BYTES = 4096;

  private record Span(long offset, int length) {}

  private final Map<String, Span> spans = new HashMap<>();

  private WeightsInPlace() {}

  /** A model with pointers into its own file, named without folder, instead of large weights. */
  static ModelProto pointedTo(ModelProto model, String fileName, ByteBuffer file)
      throws IOException {
    WeightsInPlace weights = new WeightsInPlace();
    MessageScan.of(
        file,
        weights::findInTensor,
        ModelProto.GRAPH_FIELD_NUMBER,
        GraphProto.INITIALIZER_FIELD_NUMBER);
    if (weights.spans.isEmpty()) {
      return model;
    }
    ModelProto.Builder edited = model.toBuilder();
    for (TensorProto.Builder weight : edited.getGraphBuilder().getInitializerBuilderList()) {
      Span span = weights.spans.get(weight.getName());
      if (span != null) {
        weight
            .clearRawData()
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", fileName))
            .addExternalData(entry("offset", Long.toString(span.offset)))
            .addExternalData(entry("length", Integer.toString(span.length)));
      }
    }
    return edited.build();
  }

  private static StringStringEntryProto.Builder entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value);
  }

  private void findInTensor(CodedInputStream in) throws IOException {
    String name = "";
    Span span = null;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (MessageScan.isField(tag, TensorProto.NAME_FIELD_NUMBER)) {
        name = in.readString();
      } else if (MessageScan.isField(tag, TensorProto.RAW_DATA_FIELD_NUMBER)) {
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
}
