package io.embark.testing.kinds;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * One small model directory for each kind of model, with vectors of the reference library. See the
 * README beside them: graphs and tokenizers that several kinds share are kept once.
 *
 * @param graph name in {@code graphs}
 * @param tokenizer name in {@code tokenizers}
 * @param texts the texts with a reference
 * @param vectors of each text; empty where the model is to be refused
 */
public record ModelKinds(
    String name, String graph, String tokenizer, List<String> texts, float[][] vectors) {
  /** Largest absolute difference allowed per value. */
  public static final float TOLERANCE = 2e-4f;

  static final Path RESOURCES = Path.of("src", "test", "resources", "models");

  /** Weights that another graph has as well stand there. */
  private static final String FULL_GRAPH = "bert";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Without {@link #vectors}, as it stands in {@code kinds.json}. */
  record Declared(String graph, String tokenizer, List<String> texts) {}

  public static List<ModelKinds> all() {
    try (InputStream vectors = unzipped(RESOURCES.resolve("references.json.gz"))) {
      Map<String, float[][]> references =
          JSON.readValue(vectors, new TypeReference<Map<String, float[][]>>() {});
      Map<String, Declared> kinds =
          JSON.readValue(
              RESOURCES.resolve("kinds.json").toFile(),
              new TypeReference<Map<String, Declared>>() {});
      return kinds.entrySet().stream()
          .map(
              kind ->
                  new ModelKinds(
                      kind.getKey(),
                      kind.getValue().graph,
                      kind.getValue().tokenizer,
                      kind.getValue().texts,
                      references.getOrDefault(kind.getKey(), new float[0][])))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static ModelKinds of(String name) {
    return all().stream().filter(kind -> kind.name.equals(name)).findFirst().orElseThrow();
  }

  /** Writes the directory, as a user has it. */
  public Path write(Path directory) throws IOException {
    Files.createDirectories(directory.resolve("onnx"));
    Files.write(directory.resolve("onnx/model.onnx"), graph(RESOURCES, graph));
    Files.copy(
        RESOURCES.resolve("tokenizers").resolve(tokenizer + ".json"),
        directory.resolve("tokenizer.json"));
    Path own = RESOURCES.resolve("kinds").resolve(name);
    try (var files = Files.walk(own)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String path = own.relativize(file).toString();
        boolean zipped = path.endsWith(".gz");
        Path target = directory.resolve(zipped ? path.substring(0, path.length() - 3) : path);
        Files.createDirectories(target.getParent());
        try (InputStream in = zipped ? unzipped(file) : Files.newInputStream(file)) {
          Files.copy(in, target);
        }
      }
    }
    return directory;
  }

  /** A graph with all its weights. */
  static byte[] graph(Path resources, String name) throws IOException {
    ModelProto graph = parsed(resources, name);
    if (name.equals(FULL_GRAPH)) {
      return graph.toByteArray();
    }
    Map<String, ByteString> weights = new HashMap<>();
    for (TensorProto tensor : parsed(resources, FULL_GRAPH).getGraph().getInitializerList()) {
      weights.put(tensor.getName(), tensor.getRawData());
    }
    ModelProto.Builder whole = graph.toBuilder();
    for (TensorProto.Builder tensor : whole.getGraphBuilder().getInitializerBuilderList()) {
      if (!tensor.getDocString().isEmpty()) {
        tensor.setRawData(weights.get(tensor.getDocString())).clearDocString();
      }
    }
    return whole.build().toByteArray();
  }

  private static ModelProto parsed(Path resources, String name) throws IOException {
    try (InputStream in = unzipped(resources.resolve("graphs").resolve(name + ".onnx.gz"))) {
      return ModelProto.parseFrom(in);
    }
  }

  private static InputStream unzipped(Path file) throws IOException {
    return new GZIPInputStream(Files.newInputStream(file));
  }
}
