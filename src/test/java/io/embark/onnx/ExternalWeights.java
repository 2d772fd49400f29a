package io.embark.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Moves a model's weights into a file beside it, as models over 2 GB are saved. */
public final class ExternalWeights {
  private ExternalWeights() {}

  public static Path save(ModelProto model, Path folder, String location) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    GraphProto.Builder graph = model.getGraph().toBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto.Builder weight = graph.getInitializerBuilder(i);
      ByteString raw = weight.getRawData();
      if (raw.size() > 64) {
        weight
            .clearRawData()
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", location))
            .addExternalData(entry("offset", String.valueOf(data.size())))
            .addExternalData(entry("length", String.valueOf(raw.size())));
        raw.writeTo(data);
      }
    }
    Files.write(folder.resolve(location), data.toByteArray());
    return StatesModel.save(folder, model.toBuilder().setGraph(graph).build());
  }

  private static StringStringEntryProto.Builder entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value);
  }
}
