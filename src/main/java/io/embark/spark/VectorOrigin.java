package io.embark.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.post.LinearVectorModel;
import io.embark.spark.column.EmbeddingColumns;
import io.embark.spark.column.OutputType;
import io.embark.spark.column.PooledAs;
import io.embark.spark.executor.ModelFacts;
import io.embark.spark.sql.ComparableVectors;
import io.embark.vector.VectorMetadata;
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
   * @throws UserError if there is no such column, or Embark did not write it
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

  /** SHA-256 of all that made the vectors: the model, and what happened to them after it. */
  public String fingerprint() {
    return made.path(VectorMetadata.FINGERPRINT).asText();
  }

  /** SHA-256 over graph and tokenizer of the model. */
  private String modelFingerprint() {
    return made.path(VectorMetadata.MODEL_FINGERPRINT).asText(fingerprint());
  }

  /** What happened to the vectors after the model made them, in words; empty for nothing. */
  public String post() {
    return made.path(VectorMetadata.POST).asText("");
  }

  /** SHA-256 of the map that vectors went through after the model; empty if there is none. */
  public String postFingerprint() {
    return made.path(VectorMetadata.POST_FINGERPRINT).asText("");
  }

  /** How many vectors that map was fitted on. */
  public long postRows() {
    return made.path(VectorMetadata.POST_ROWS).asLong();
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
    return made.path(VectorMetadata.DIMENSION).asInt();
  }

  private int modelDimension() {
    return made.path(VectorMetadata.MODEL_DIMENSION).asInt(dimension());
  }

  /**
   * An embedder that makes such vectors of other texts. The driver has opened the model and seen
   * that it is the one that made the column and gives vectors of the same size.
   *
   * @param overrides settings that win over those of the column
   * @param post where the map is that the column's vectors went through; null if it is not known
   * @throws UserError if the model or the map is another one, or the map is not known
   */
  public TextEmbedder embedder(EmbedderConfig overrides, String post) {
    TextEmbedder embedder = new TextEmbedder().setConfig(checkedConfig(overrides));
    if (post().isEmpty()) {
      return embedder;
    }
    if (post == null) {
      throw new UserError(
          ("Column '%s' holds vectors that went through %s (%s) after the model made them, and that"
                  + " map is not with the table; texts cannot be embedded to match. Give vectors"
                  + " that went the same way, or read the table where embed wrote it.")
              .formatted(column, post(), shortened(postFingerprint())));
    }
    String found = LinearVectorModel.load(post).fingerprint();
    if (!found.equals(postFingerprint())) {
      throw new UserError(
          "The map at %s is not the one that column '%s' went through: found fingerprint %s, wanted %s."
              .formatted(post, column, shortened(found), shortened(postFingerprint())));
    }
    return embedder.setPost(post);
  }

  /** The settings that make the model's vectors of other texts. What is set, wins. */
  private EmbedderConfig config(EmbedderConfig overrides) {
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
            Setting.PRECISION,
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

  /** The settings of {@link #config}, checked. */
  private EmbedderConfig checkedConfig(EmbedderConfig overrides) {
    EmbedderConfig config = config(overrides);
    ModelFacts facts = ModelFacts.of(config);
    if (!facts.fingerprint().equals(modelFingerprint())) {
      throw new UserError(
          ("The model at %s is not the one that made column '%s': found fingerprint %s, wanted %s."
                  + " Say with --model where that model is now, or embed the table anew.")
              .formatted(
                  config.text(Setting.MODEL),
                  column,
                  shortened(facts.fingerprint()),
                  shortened(modelFingerprint())));
    }
    if (facts.dimensions().get(0) > modelDimension()) {
      // A truncated vector says its size, not what it was cut from.
      int parts = facts.config().get(Setting.CONCAT) ? joinedParts(facts) : 1;
      String kept = Integer.toString(modelDimension() / parts);
      config = config.toBuilder().set(Setting.TRUNCATE_DIM, kept, ORIGIN).build();
      facts = ModelFacts.of(config);
    }
    if (facts.dimensions().get(0) != modelDimension()) {
      throw new UserError(
          "Column '%s' holds vectors of %d values; its model and settings give %d."
              .formatted(column, modelDimension(), facts.dimensions().get(0)));
    }
    return config;
  }

  private static int joinedParts(ModelFacts facts) {
    return facts.config().get(Setting.POOLING).size() * facts.config().get(Setting.LAYERS).size();
  }

  /**
   * Refuses two columns whose vectors cannot be compared: made by another model, pooling, layers,
   * map after the model, or of another size. Prompts may differ, as those of queries and passages
   * do on purpose. A column that does not say how it was made is let pass.
   *
   * @throws UserError with both sides, field by field
   */
  public static void requireComparable(StructField left, StructField right) {
    ComparableVectors.differences(left.metadata(), right.metadata())
        .ifPresent(
            differences -> {
              throw new UserError(
                  "Columns '%s' and '%s' hold vectors that were made differently (%s"
                      .formatted(left.name(), right.name(), differences));
            });
  }

  /** What must be the same for vectors to be compared, in words. */
  public String essence() {
    PooledAs pooled = PooledAs.of(made);
    return "model %s, pooling %s, layers %s, %d values%s%s%s"
        .formatted(
            shortened(modelFingerprint()),
            pooled.pooling(),
            pooled.layers(),
            dimension(),
            made.path("excludeSpecialTokens").asBoolean(false) ? ", without special tokens" : "",
            made.path("excludePrompt").asBoolean(false) ? ", without the prompt" : "",
            post().isEmpty()
                ? ""
                : ", then %s (%s)".formatted(post(), shortened(postFingerprint())));
  }

  private static String shortened(String fingerprint) {
    return fingerprint.substring(0, Math.min(16, fingerprint.length()));
  }
}
