package io.embark.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * How the vectors of a column were made, as its metadata say, so that others can be made in the
 * same way or told apart.
 */
public final class VectorOrigin {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ORIGIN = "the table's metadata";

  private final String column;
  private final JsonNode made;

  private VectorOrigin(String column, JsonNode made) {
    this.column = column;
    this.made = made;
  }

  /**
   * Reads the metadata of a column that Embark wrote.
   *
   * @throws IllegalArgumentException if there is no such column, or Embark did not write it
   */
  public static VectorOrigin of(StructType schema, String column) {
    VectorColumn.of(schema, column);
    StructField field = schema.apply(column);
    try {
      JsonNode metadata = JSON.readTree(field.metadata().json());
      return new VectorOrigin(column, metadata.get(EmbeddingColumns.METADATA_KEY));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Spark wrote metadata that are not JSON: " + field, e);
    }
  }

  /** The columns of a schema that hold vectors and say how they were made, in their order. */
  public static List<String> columns(StructType schema) {
    List<String> columns = new ArrayList<>();
    for (StructField field : schema.fields()) {
      if (field.metadata().contains(EmbeddingColumns.METADATA_KEY)) {
        columns.add(field.name());
      }
    }
    return columns;
  }

  /** The model's URI when the column was made. */
  public String model() {
    return made.path("model").asText();
  }

  /** SHA-256 over graph and tokenizer of the model. */
  public String fingerprint() {
    return made.path("fingerprint").asText();
  }

  /** The prompt put before every text; empty for none. */
  public String prompt() {
    return made.path("prompt").asText("");
  }

  /** How vectors are stored. */
  public OutputType type() {
    return OutputType.of(made.path("type").asText());
  }

  /** Values per vector. */
  public int dimension() {
    return made.path("dimension").asInt();
  }

  /**
   * The settings that make such vectors of other texts. What {@code overrides} sets, wins.
   *
   * @throws IllegalArgumentException if the vectors were transformed after the model made them
   */
  public EmbedderConfig config(EmbedderConfig overrides) {
    if (made.has("post")) {
      throw new IllegalArgumentException(
          ("Column '%s' holds vectors that were transformed (%s) after the model made them; texts"
                  + " cannot be embedded to match. Give vectors that went the same way.")
              .formatted(column, made.get("post").asText()));
    }
    PooledAs pooled = PooledAs.of(made);
    boolean joined = made.path("concat").asBoolean(false);
    EmbedderConfig.Builder config = EmbedderConfig.builder();
    config.set(Setting.MODEL, model(), ORIGIN);
    config.set(Setting.POOLING, joined ? made.path("pooling").asText() : pooled.pooling(), ORIGIN);
    config.set(Setting.LAYERS, pooled.layers(), ORIGIN);
    config.set(Setting.CONCAT, Boolean.toString(joined), ORIGIN);
    for (Setting<?> setting :
        List.of(
            Setting.EXCLUDE_SPECIAL_TOKENS,
            Setting.EXCLUDE_PROMPT,
            Setting.NORMALIZE,
            Setting.MAX_LENGTH)) {
      JsonNode value = made.get(setting.paramName());
      if (value != null) {
        config.set(setting, value.asText(), ORIGIN);
      }
    }
    config.set(Setting.PROMPT, prompt().isEmpty() ? "none" : prompt(), ORIGIN);
    for (Setting<?> setting : Setting.ALL) {
      if (overrides.isSet(setting)) {
        config.set(setting, overrides.text(setting), overrides.origin(setting));
      }
    }
    return config.build();
  }

  /**
   * The settings of {@link #config}, for which the driver has opened the model and seen that it is
   * the one that made the column and gives vectors of the same size.
   *
   * @throws IllegalArgumentException if it is another model, or its vectors are of another size
   */
  public EmbedderConfig checkedConfig(EmbedderConfig overrides) {
    EmbedderConfig config = config(overrides);
    ModelFacts facts = ModelFacts.of(config);
    if (!facts.fingerprint().equals(fingerprint())) {
      throw new IllegalArgumentException(
          ("The model at %s is not the one that made column '%s': found fingerprint %s, wanted %s."
                  + " Say with --model where that model is now, or embed the table anew.")
              .formatted(
                  config.text(Setting.MODEL),
                  column,
                  shortened(facts.fingerprint()),
                  shortened(fingerprint())));
    }
    if (facts.dimensions().get(0) > dimension()) {
      // A truncated vector says its size, not what it was cut from.
      int parts = facts.config().get(Setting.CONCAT) ? joinedParts(facts) : 1;
      String kept = Integer.toString(dimension() / parts);
      config = config.toBuilder().set(Setting.TRUNCATE_DIM, kept, ORIGIN).build();
      facts = ModelFacts.of(config);
    }
    if (facts.dimensions().get(0) != dimension()) {
      throw new IllegalArgumentException(
          "Column '%s' holds vectors of %d values; its model and settings give %d."
              .formatted(column, dimension(), facts.dimensions().get(0)));
    }
    return config;
  }

  private static int joinedParts(ModelFacts facts) {
    return facts.config().get(Setting.POOLING).size() * facts.config().get(Setting.LAYERS).size();
  }

  /**
   * Refuses vectors made by another model, pooling, layers or of another size. Prompts may differ,
   * as those of queries and passages do on purpose.
   *
   * @throws IllegalArgumentException with both sides
   */
  public void requireComparable(VectorOrigin other) {
    String mine = essence();
    String theirs = other.essence();
    if (!mine.equals(theirs)) {
      throw new IllegalArgumentException(
          "Columns '%s' and '%s' hold vectors that were made differently: %s (%s) and %s (%s)."
              .formatted(column, other.column, mine, model(), theirs, other.model()));
    }
  }

  /** What must be the same for vectors to be compared, in words. */
  public String essence() {
    PooledAs pooled = PooledAs.of(made);
    return "model %s, pooling %s, layers %s, %d values%s%s"
        .formatted(
            shortened(fingerprint()),
            pooled.pooling(),
            pooled.layers(),
            dimension(),
            made.path("excludeSpecialTokens").asBoolean(false) ? ", without special tokens" : "",
            made.path("excludePrompt").asBoolean(false) ? ", without the prompt" : "");
  }

  private static String shortened(String fingerprint) {
    return fingerprint.substring(0, Math.min(16, fingerprint.length()));
  }
}
