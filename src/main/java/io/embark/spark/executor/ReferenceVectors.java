package io.embark.spark.executor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/**
 * Sentences written for checking, with their token ids and vectors of the built-in default model,
 * not normalised. Made by sentence-transformers' poolings and Hugging Face {@code tokenizers} in
 * Python.
 */
public final class ReferenceVectors {
  private static final String FILE = "canary-all-minilm-l6-v2.jsonl.gz";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<JsonNode> RECORDS = load();

  /** The most tokens of a sentence. */
  private static final int LONGEST = 24;

  /** Settings that change vectors and are applied here; the vectors hold for no value of others. */
  private static final Set<Setting<?>> APPLIED =
      Set.of(Setting.POOLING, Setting.NORMALIZE, Setting.PROMPT, Setting.MAX_LENGTH);

  private ReferenceVectors() {}

  /** The sentences, some tokens each, for any model. */
  public static List<String> sentences() {
    return RECORDS.stream().map(record -> record.get("text").asText()).toList();
  }

  /** The ids of each sentence, special tokens included, if the model is the built-in default. */
  public static Optional<List<long[]>> ids(EmbedderConfig config) {
    if (!isDefaultModel(config) || !wholeAndPlain(config)) {
      return Optional.empty();
    }
    return Optional.of(
        RECORDS.stream()
            .map(record -> JSON.convertValue(record.get("input_ids"), long[].class))
            .toList());
  }

  /**
   * The vectors {@code [sentence][pooling][dimension]} that a resolved config must give, or empty
   * where it asks for something that the file does not hold.
   */
  static Optional<float[][][]> of(EmbedderConfig config) {
    boolean usual =
        isDefaultModel(config)
            && wholeAndPlain(config)
            && Setting.ALL.stream()
                .filter(setting -> setting.effect() == Setting.Effect.VECTORS)
                .filter(setting -> !APPLIED.contains(setting))
                .allMatch(config::isDefault);
    if (!usual) {
      return Optional.empty();
    }
    List<Pooling> poolings = config.get(Setting.POOLING);
    float[][][] vectors = new float[RECORDS.size()][poolings.size()][];
    for (int s = 0; s < vectors.length; s++) {
      for (int p = 0; p < vectors[s].length; p++) {
        JsonNode values = RECORDS.get(s).get("vectors").get(poolings.get(p).label());
        if (values == null) {
          return Optional.empty();
        }
        vectors[s][p] = JSON.convertValue(values, float[].class);
        config.get(Setting.NORMALIZE).apply(vectors[s][p]);
      }
    }
    return Optional.of(vectors);
  }

  private static boolean isDefaultModel(EmbedderConfig config) {
    return config.text(Setting.MODEL).equalsIgnoreCase(Setting.MODEL.defaultText())
        && config.text(Setting.MODEL_FILE) == null;
  }

  private static boolean wholeAndPlain(EmbedderConfig config) {
    return config.get(Setting.PROMPT).isEmpty() && config.get(Setting.MAX_LENGTH) >= LONGEST;
  }

  private static List<JsonNode> load() {
    try (InputStream file = ReferenceVectors.class.getResourceAsStream(FILE);
        InputStream lines = new GZIPInputStream(file)) {
      return List.copyOf(JSON.readerFor(JsonNode.class).<JsonNode>readValues(lines).readAll());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + FILE + " in Embark's own jar", e);
    }
  }
}
