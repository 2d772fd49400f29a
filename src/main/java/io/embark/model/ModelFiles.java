package io.embark.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The files of a model directory that make the model. A directory as published often also holds the
 * weights in other formats and graphs of other precisions, several times the size of what is used.
 *
 * <p>Paths are relative to the model, with {@code /} between their parts.
 */
public final class ModelFiles {
  public static final String TOKENIZER = "tokenizer.json";
  private static final List<String> USUAL_GRAPHS = List.of("model.onnx", "onnx/model.onnx");
  private static final String ONNX = ".onnx";

  /** Weights of other frameworks and texts for people; never what a graph points to. */
  private static final Set<String> OF_NO_USE =
      Set.of("safetensors", "h5", "msgpack", "ot", "pt", "pth", "gguf", "mlmodel", "md", "py");

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private ModelFiles() {}

  /**
   * A JSON file of a directory, or a missing node if there is no such file.
   *
   * @throws UserError if the file is there but is not JSON
   */
  static JsonNode json(Path directory, String name) throws IOException {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      JsonNode contents = MAPPER.readTree(file.toFile());
      if (contents.isMissingNode()) {
        throw new UserError("%s is empty; wanted is JSON.".formatted(file));
      }
      return contents;
    } catch (JsonProcessingException e) {
      throw new UserError("%s is not valid JSON: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }

  /**
   * The graph among the files of a model that also has a tokenizer.
   *
   * @param listed the files that messages name
   * @param modelFile the graph as the user named it, or null to look in the usual places
   * @throws UserError if graph or tokenizer is missing, with what was found
   */
  public static String graph(
      Predicate<String> exists, Collection<String> listed, String modelFile, String name) {
    List<String> candidates = modelFile == null ? USUAL_GRAPHS : List.of(modelFile);
    Optional<String> graph = candidates.stream().filter(exists).findFirst();
    if (graph.isEmpty()) {
      throw new UserError(
          ("Model %s has no graph at %s; found %s. Name it with --model-file, or export the model:"
                  + " optimum-cli export onnx --task feature-extraction --model ... DIR")
              .formatted(name, String.join(" or ", candidates), inWords(listed)));
    }
    if (!exists.test(TOKENIZER)) {
      throw new UserError(
          ("Model %s has no tokenizer.json; found %s. Save the tokenizer with"
                  + " AutoTokenizer.from_pretrained(..., use_fast=True).save_pretrained(DIR).")
              .formatted(name, inWords(listed)));
    }
    return graph.get();
  }

  /** Files in words, the first twenty. */
  static String inWords(Collection<String> names) {
    if (names.isEmpty()) {
      return "an empty directory";
    }
    String first = String.join(", ", names.stream().sorted().limit(20).toList());
    return names.size() > 20 ? first + " and %d more".formatted(names.size() - 20) : first;
  }

  /** Whether a file is the graph or holds settings: needed whatever the graph says. */
  public static boolean certain(String file, String graph) {
    boolean atTop = file.indexOf('/') < 0;
    return file.equals(graph)
        || atTop && file.endsWith(".json") && !file.endsWith(".index.json")
        || file.endsWith("/config.json");
  }

  /** Whether a file may hold weights that the graph points to. */
  public static boolean possible(String file, String graph, Collection<String> all) {
    String folder = graph.substring(0, graph.lastIndexOf('/') + 1);
    if (!file.startsWith(folder) || file.endsWith(ONNX)) {
      return false;
    }
    String fileName = file.substring(file.lastIndexOf('/') + 1);
    String extension = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    // model_fp16.onnx_data belongs to model_fp16.onnx.
    boolean ofAnotherGraph =
        !file.startsWith(graph)
            && all.stream().anyMatch(other -> other.endsWith(ONNX) && file.startsWith(other));
    return !OF_NO_USE.contains(extension)
        && !fileName.startsWith("pytorch_model")
        && !fileName.startsWith("openvino_")
        && !ofAnotherGraph;
  }

  /** A path that weights have relative to the graph, relative to the model; null if outside. */
  public static String besideGraph(String graph, String location) {
    boolean outside = Stream.of(location.split("/", -1)).anyMatch(List.of("", ".", "..")::contains);
    return outside ? null : graph.substring(0, graph.lastIndexOf('/') + 1) + location;
  }
}
