package io.embark.model;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.onnx.graph.MessageScan;
import java.io.IOException;
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
    boolean read =
        MessageScan.of(
            onnxFile,
            message -> {
              StringStringEntryProto entry = StringStringEntryProto.parseFrom(message);
              if (entry.getKey().equals("location") && !entry.getValue().isEmpty()) {
                locations.add(entry.getValue());
              }
            },
            ModelProto.GRAPH_FIELD_NUMBER,
            GraphProto.INITIALIZER_FIELD_NUMBER,
            TensorProto.EXTERNAL_DATA_FIELD_NUMBER);
    return read ? locations : new TreeSet<>();
  }
}
