package io.embark.bench;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/** The built-in model laid out as its peers want it: one folder serves all. */
final class PeerModel {
  /** What Spark NLP asks a graph for by name. */
  private static final String OUTPUT = "last_hidden_state";

  private PeerModel() {}

  /** Writes the folder. */
  static void write(Path folder) throws IOException {
    ModelDirectory model =
        ModelStore.ofThisHost(new Configuration()).open("builtin:all-MiniLM-L6-v2", null);
    Files.createDirectories(folder.resolve("assets"));
    Files.write(
        folder.resolve("model.onnx"), renamed(Files.readAllBytes(model.onnxFile())).toByteArray());
    Files.copy(
        model.tokenizerJson(),
        folder.resolve("tokenizer.json"),
        StandardCopyOption.REPLACE_EXISTING);
    Files.write(folder.resolve("assets/vocab.txt"), vocabulary(model.tokenizerJson()).values());
  }

  /** The same graph with another name for its first output. */
  private static ModelProto renamed(byte[] onnx) throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(onnx).toBuilder();
    GraphProto.Builder graph = model.getGraphBuilder();
    String name = graph.getOutput(0).getName();
    graph.getOutputBuilder(0).setName(OUTPUT);
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        node.setInput(i, node.getInput(i).equals(name) ? OUTPUT : node.getInput(i));
      }
      for (int i = 0; i < node.getOutputCount(); i++) {
        node.setOutput(i, node.getOutput(i).equals(name) ? OUTPUT : node.getOutput(i));
      }
    }
    return model.build();
  }

  /** Word pieces by id, which are their lines. */
  private static Map<Integer, String> vocabulary(Path tokenizerJson) throws IOException {
    JsonNode pieces = new ObjectMapper().readTree(tokenizerJson.toFile()).at("/model/vocab");
    Map<Integer, String> byId = new TreeMap<>();
    pieces.properties().forEach(piece -> byId.put(piece.getValue().asInt(), piece.getKey()));
    return byId;
  }
}
