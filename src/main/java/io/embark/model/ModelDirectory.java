package io.embark.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.UserError;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What lies in a model directory of the Hugging Face or sentence-transformers layout. Only the
 * graph and {@code tokenizer.json} must be there; the rest are the model's own wishes, absent where
 * the model has none.
 *
 * @param name the model as the user named it
 * @param onnxFile the graph
 * @param tokenizerJson the tokenizer
 * @param poolings the pooling the model was trained with; of several, their vectors are joined
 * @param norm whether the model's own pipeline normalises
 * @param excludePrompt set if the model leaves the prompt's tokens out of its pooling
 * @param maxLength the most tokens per text, special tokens included
 * @param positions the longest text the graph has positions for, special tokens included
 * @param prompts prompt texts by name
 * @param defaultPrompt name of the prompt that goes before every text unless told otherwise
 * @param padTokenId the id that fills up short rows
 * @param sentenceModel whether the directory says it is a sentence-embedding model
 * @param lowersCase whether the model wants texts in small letters, whatever its tokenizer does
 */
public record ModelDirectory(
    String name,
    Path onnxFile,
    Path tokenizerJson,
    Optional<Sourced<List<Pooling>>> poolings,
    Optional<Sourced<Norm>> norm,
    Optional<Sourced<Boolean>> excludePrompt,
    Optional<Sourced<Integer>> maxLength,
    Optional<Sourced<Integer>> positions,
    Map<String, String> prompts,
    Optional<Sourced<String>> defaultPrompt,
    long padTokenId,
    boolean sentenceModel,
    boolean lowersCase) {

  private static final String CONFIG = "config.json";
  private static final String LIMITS = "sentence_bert_config.json";
  private static final Set<String> COUNTED_FROM_PADDING =
      Set.of("roberta", "xlm-roberta", "camembert", "mpnet");

  /**
   * Reads a directory.
   *
   * @param name the model's name in messages and metadata
   * @param modelFile the graph relative to the directory, or null for the usual places
   * @throws IOException if a file cannot be read
   * @throws UserError if graph or tokenizer is missing, or a file is broken
   */
  public static ModelDirectory read(Path directory, String modelFile, String name)
      throws IOException {
    if (Files.isRegularFile(directory)) {
      throw isFile(name);
    }
    if (!Files.isDirectory(directory)) {
      throw new UserError(
          "Model directory %s does not exist (asked for as '%s')."
              .formatted(directory.toAbsolutePath(), name));
    }
    String found = ModelFiles.inWords(names(directory));
    Path onnx =
        directory.resolve(
            ModelFiles.graph(
                file -> Files.isRegularFile(directory.resolve(file)), modelFile, name, found));
    Path tokenizer = directory.resolve(ModelFiles.TOKENIZER);
    if (!Files.isRegularFile(tokenizer)) {
      throw ModelFiles.noTokenizer(name, found);
    }
    ModelJson json = new ModelJson(directory);
    JsonNode config = json.read(CONFIG);
    long padTokenId = config.path("pad_token_id").asLong(0);
    Optional<Sourced<Integer>> positions = positions(config, padTokenId);
    SentenceTransformersModules modules = SentenceTransformersModules.read(json, name);
    JsonNode st = json.read("config_sentence_transformers.json");
    Map<String, String> prompts = new LinkedHashMap<>();
    st.path("prompts")
        .fields()
        .forEachRemaining(e -> prompts.put(e.getKey(), e.getValue().asText()));
    Optional<Sourced<String>> defaultPrompt =
        Optional.of(st.path("default_prompt_name"))
            .filter(JsonNode::isTextual)
            .map(n -> new Sourced<>(n.asText(), "config_sentence_transformers.json"));
    return new ModelDirectory(
        name,
        onnx,
        tokenizer,
        modules.poolings(),
        modules.norm(),
        modules.excludePrompt(),
        maxLength(json, positions),
        positions,
        Map.copyOf(prompts),
        defaultPrompt,
        padTokenId,
        modules.present(),
        json.read(LIMITS).path("do_lower_case").asBoolean(false));
  }

  public static UserError isFile(String name) {
    return new UserError(
        ("Model %s is a file; wanted a model directory, a file ending in .onnx, or an archive (.zip,"
                + " .tar.gz, .tgz, .tar).")
            .formatted(name));
  }

  /** sentence-transformers' own limit first, then the tokenizer's, then the number of positions. */
  private static Optional<Sourced<Integer>> maxLength(
      ModelJson json, Optional<Sourced<Integer>> positions) throws IOException {
    Optional<Sourced<Integer>> limit =
        length(json.read(LIMITS), "max_seq_length").map(n -> new Sourced<>(n, LIMITS));
    if (limit.isEmpty()) {
      limit =
          length(json.read("tokenizer_config.json"), "model_max_length")
              .map(n -> new Sourced<>(n, "tokenizer_config.json"));
    }
    return limit.isEmpty() ? positions : limit;
  }

  /** RoBERTa and its kin count positions from behind the padding id. */
  private static Optional<Sourced<Integer>> positions(JsonNode config, long padTokenId) {
    boolean fromPadding = COUNTED_FROM_PADDING.contains(config.path("model_type").asText());
    return length(config, "max_position_embeddings")
        .map(n -> fromPadding ? n - (int) padTokenId - 1 : n)
        .map(n -> new Sourced<>(n, CONFIG));
  }

  private static Optional<Integer> length(JsonNode file, String key) {
    JsonNode value = file.path(key);
    // Tokenizers without a limit carry 1e30 there.
    return value.isNumber() && value.asDouble() < 1_000_000
        ? Optional.of(value.asInt())
        : Optional.empty();
  }

  private static List<String> names(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(p -> p.getFileName().toString()).toList();
    }
  }

  /**
   * SHA-256 over the graph, its external data if any, and the tokenizer: what makes the vectors.
   * The files are read once in this JVM, and again when they have changed.
   *
   * @throws IOException if a file cannot be read
   */
  public String fingerprint() throws IOException {
    return fingerprint(fileHashes());
  }

  /** The fingerprint of files with these SHA-256, see {@link #fileHashes}. */
  public String fingerprint(Map<String, String> hashes) {
    StringBuilder parts = new StringBuilder();
    String graph = onnxFile.getFileName().toString();
    String tokenizer = tokenizerJson.getFileName().toString();
    hashes.forEach(
        (name, hash) ->
            parts.append(name.equals(graph) || name.equals(tokenizer) ? "" : name).append(hash));
    return Fingerprint.of(parts.toString());
  }

  /**
   * SHA-256 of the graph, its external data if any, and the tokenizer, by file name, in this order.
   */
  public Map<String, String> fileHashes() throws IOException {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put(onnxFile.getFileName().toString(), Fingerprint.of(onnxFile));
    for (String location : ExternalData.of(onnxFile)) {
      Path file = onnxFile.resolveSibling(location);
      // A file that is missing is reported when the graph is opened.
      if (Files.isRegularFile(file)) {
        hashes.put(location, Fingerprint.of(file));
      }
    }
    hashes.put(tokenizerJson.getFileName().toString(), Fingerprint.of(tokenizerJson));
    return hashes;
  }
}
