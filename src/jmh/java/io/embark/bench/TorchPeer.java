package io.embark.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.onnx.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * sentence-transformers on torch, the peer that is not on the JVM: it runs in a Python that the
 * user names, and is left out where there is none.
 *
 * @param found whether it can be measured
 * @param about its versions, or why it can not be measured
 */
record TorchPeer(boolean found, String about) {
  private static final String PYTHON = "EMBARK_PEERS_PYTHON";
  private static final String SCRIPT = "src/peers/sentence_transformers_peer.py";
  private static final int REFERENCES = 100;

  /** Asks the Python of the environment. */
  static TorchPeer find() throws IOException, InterruptedException {
    String python = System.getenv(PYTHON);
    if (python == null) {
      return new TorchPeer(
          false, PYTHON + " is to name a Python with sentence-transformers, onnx and pyarrow");
    }
    try {
      Process process = new ProcessBuilder(program("about")).redirectErrorStream(true).start();
      List<String> printed = process.inputReader().lines().toList();
      boolean found = process.waitFor() == 0;
      String last = printed.isEmpty() ? "nothing" : printed.get(printed.size() - 1);
      return new TorchPeer(found, found ? last : "%s=%s said %s".formatted(PYTHON, python, last));
    } catch (IOException e) {
      return new TorchPeer(false, "%s: %s".formatted(PYTHON, e.getMessage()));
    }
  }

  /** Starts the script. */
  static List<String> program(String command) {
    return List.of(System.getenv(PYTHON), SCRIPT, command);
  }

  /**
   * Makes a model of torch with the same weights, which gives the same vectors on texts of all
   * lengths: one that does not is refused.
   *
   * @param onnx folder with model.onnx and tokenizer.json
   * @param folder to write
   * @return how near the vectors are, and how torch computes them
   */
  static String convert(Path onnx, Path folder) throws IOException, InterruptedException {
    EmbedderConfig config =
        EmbedderConfig.of("builtin:all-MiniLM-L6-v2").toBuilder().device(Device.CPU).build();
    List<String> texts = Corpus.MIXED.made(SampleTexts.shipped(), REFERENCES);
    ObjectMapper json = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    try (Embedder embedder = Embedder.open(config)) {
      float[][] vectors = embedder.embed(texts);
      for (int i = 0; i < vectors.length; i++) {
        lines.add(json.writeValueAsString(Map.of("text", texts.get(i), "vector", vectors[i])));
      }
    }
    Path references = Files.write(onnx.resolve("references.jsonl"), lines);
    List<String> command = new ArrayList<>(program("convert"));
    Stream.of(onnx.resolve("model.onnx"), onnx.resolve("tokenizer.json"), references, folder)
        .forEach(path -> command.add(path.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> printed = process.inputReader().lines().toList();
    if (process.waitFor() != 0) {
      throw new IllegalStateException(
          "The model could not be converted for sentence-transformers: "
              + String.join("\n", printed));
    }
    return printed.get(printed.size() - 1);
  }
}
