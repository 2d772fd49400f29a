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
 * A model directory of the Hugging Face or sentence-transformers layout. Only the graph and {@code
 * tokenizer.json} must be there; the rest are the model's own settings, absent where it has none.
 *
 * @param name the model as the user named it
 * @param poolings the pooling the model was trained with; of several, their vectors are joined
 * @param norm whether the model's own pipeline normalises
 * @param excludePrompt set if the model leaves the prompt's tokens out of its pooling
 * @param maxLength the most tokens per text, special tokens included
 * @param positions the longest text the graph has positions for, special tokens included
 * @param prompts by name
 * @param defaultPrompt name of the prompt that goes before every text unless told otherwise
 * @param padTokenId the id that fills up short rows
 * @param sentenceModel whether it says it is a sentence-embedding model
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

  /** A value and the model's file it was found in, for example {@code 1_Pooling/config.json}. */
  public record Sourced<T>(T value, String source) {}

  private static final String CONFIG = "config.json";
  private static final String SENTENCE_TRANSFORMERS = "config_sentence_transformers.json";
  private static final String LIMITS = "sentence_bert_config.json";
  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final Set<String> COUNTED_FROM_PADDING =
      Set.of("roberta", "xlm-roberta", "camembert", "mpnet");

  /**
   * Reads a directory.
   *
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
    ModelFiles files = ModelFiles.in(directory, modelFile, name);
    JsonNode config = ModelFiles.json(directory, CONFIG);
    JsonNode limits = ModelFiles.json(directory, LIMITS);
    JsonNode prompts = ModelFiles.json(directory, SENTENCE_TRANSFORMERS);
    long padTokenId = config.path("pad_token_id").asLong(0);
    Optional<Sourced<Integer>> positions = positions(config, padTokenId);
    SentenceTransformersModules modules = SentenceTransformersModules.read(directory, name);
    return new ModelDirectory(
        name,
        directory.resolve(files.weights()),
        directory.resolve(files.tokenizer()),
        modules.poolings(),
        modules.norm(),
        modules.excludePrompt(),
        maxLength(directory, limits).or(() -> positions),
        positions,
        prompts(prompts.path("prompts")),
        Optional.of(prompts.path("default_prompt_name"))
            .filter(JsonNode::isTextual)
            .map(prompt -> new Sourced<>(prompt.asText(), SENTENCE_TRANSFORMERS)),
        padTokenId,
        modules.present(),
        limits.path("do_lower_case").asBoolean(false));
  }

  public static UserError isFile(String name) {
    return new UserError(
        ("Model %s is a file; wanted a model directory, a file ending in .onnx, or an archive"
                + " (.zip, .tar.gz, .tgz, .tar).")
            .formatted(name));
  }

  /** sentence-transformers' own limit, else the tokenizer's. */
  private static Optional<Sourced<Integer>> maxLength(Path directory, JsonNode limits)
      throws IOException {
    Optional<Sourced<Integer>> limit = length(limits, "max_seq_length", LIMITS);
    return limit.isPresent()
        ? limit
        : length(
            ModelFiles.json(directory, TOKENIZER_CONFIG), "model_max_length", TOKENIZER_CONFIG);
  }

  /** RoBERTa and its kin count positions from behind the padding id. */
  private static Optional<Sourced<Integer>> positions(JsonNode config, long padTokenId) {
    boolean fromPadding = COUNTED_FROM_PADDING.contains(config.path("model_type").asText());
    return length(config, "max_position_embeddings", CONFIG)
        .map(n -> fromPadding ? new Sourced<>(n.value() - (int) padTokenId - 1, CONFIG) : n);
  }

  private static Optional<Sourced<Integer>> length(JsonNode file, String key, String source) {
    JsonNode value = file.path(key);
    // Tokenizers without a limit carry 1e30 there.
    return value.isNumber() && value.asDouble() < 1_000_000
        ? Optional.of(new Sourced<>(value.asInt(), source))
        : Optional.empty();
  }

  private static Map<String, String> prompts(JsonNode byName) {
    Map<String, String> prompts = new LinkedHashMap<>();
    byName.fields().forEachRemaining(e -> prompts.put(e.getKey(), e.getValue().asText()));
    return Map.copyOf(prompts);
  }

  /** SHA-256 over all of {@link #fileHashes}. */
  public String fingerprint() throws IOException {
    return fingerprint(fileHashes());
  }

  /** The fingerprint of files with these {@link #fileHashes}. */
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
   * The files are read once in this JVM, and again when they have changed.
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
