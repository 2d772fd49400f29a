package io.embark.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.model.ModelDirectory;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/** A static model made of what another model has: its tokenizer and its matrix of words. */
final class StaticModel {
  private static final String MODULES =
      """
      [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
       {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"}]
      """;

  private StaticModel() {}

  /**
   * Writes one to a temporary directory.
   *
   * @param model whose graph has its weights in it; of its tensors the one of rank 2 with the most
   *     rows is taken
   */
  static Path of(ModelDirectory model) throws IOException {
    Path directory = Files.createTempDirectory("embark-static");
    TensorProto words;
    try (var graph = Files.newInputStream(model.onnxFile())) {
      words =
          ModelProto.parseFrom(graph).getGraph().getInitializerList().stream()
              .filter(tensor -> tensor.getDimsCount() == 2)
              .max(Comparator.comparingLong(tensor -> tensor.getDims(0)))
              .orElseThrow();
    }
    byte[] values = words.getRawData().toByteArray();
    String header =
        "{\"embedding.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}"
            .formatted(words.getDims(0), words.getDims(1), values.length);
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    try (OutputStream file = Files.newOutputStream(directory.resolve("model.safetensors"))) {
      file.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
      file.write(json);
      file.write(values);
    }
    Files.copy(model.tokenizerJson(), directory.resolve("tokenizer.json"));
    Files.writeString(directory.resolve("modules.json"), MODULES);
    return directory;
  }
}
