package io.embark.embed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.pooling.Pooling;
import io.embark.text.Strip;
import io.embark.vector.Int8Ranges;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The provenance of a vector column: model, settings, maps after the model, and how vectors are
 * stored. A JSON object in the metadata of the column, which goes with it into every file. Of two
 * it tells whether their vectors may stand in one column, and whether they can be compared; and it
 * gives the settings that make such vectors of other texts.
 *
 * <p>Immutable. Fields of later versions are kept as they are.
 */
public final class VectorProvenance {
  /** Key of the object in a column's metadata. */
  public static final String KEY = "embark";

  static final String MODEL = "model";
  static final String FINGERPRINT = "fingerprint";
  static final String VECTOR = "vector";
  static final String DIMENSION = "dimension";
  static final String TYPE = "type";
  static final String PROMPT_LEFT_OUT = "promptLeftOut";
  private static final String INT8_MIN = "int8Min";
  private static final String INT8_MAX = "int8Max";
  static final String CHUNK = "chunk";
  // Of the model alone, where a map came after it.
  private static final String MODEL_FINGERPRINT = "modelFingerprint";
  private static final String MODEL_DIMENSION = "modelDimension";
  static final String POST = "post";
  static final String POST_FINGERPRINT = "postFingerprint";
  private static final String POST_ROWS = "postRows";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ORIGIN = "the table's metadata";

  /** Settings whose effect is recorded otherwise: a vector cut short says its dimension. */
  private static final Set<Setting<?>> NOT_RECORDED = Set.of(Setting.TRUNCATE_DIM);

  /** Settings that hold for several vectors; how this one was pooled follows from them. */
  static final Set<Setting<?>> POOLED = Set.of(Setting.POOLING, Setting.LAYERS, Setting.CONCAT);

  /** The provenance of a column without metadata. */
  public static final VectorProvenance UNKNOWN = parse("{}");

  private final List<Setting<?>> settings;
  private final ObjectNode made;

  private VectorProvenance(List<Setting<?>> settings, ObjectNode made) {
    this.settings = settings;
    this.made = made;
  }

  /**
   * Of vectors as a model makes them.
   *
   * @param config resolved
   * @param fingerprint SHA-256 over graph and tokenizer of the model
   * @param vector the name of the vector among those of a text
   */
  public static VectorProvenance of(
      EmbedderConfig config, String fingerprint, String vector, int dimension) {
    return of(Setting.ALL, config, fingerprint, vector, dimension);
  }

  static VectorProvenance of(
      List<Setting<?>> all,
      EmbedderConfig config,
      String fingerprint,
      String vector,
      int dimension) {
    ObjectNode made =
        JSON.createObjectNode()
            .put(MODEL, config.text(Setting.MODEL))
            .put(FINGERPRINT, fingerprint)
            .put(VECTOR, vector);
    for (Setting<?> setting : recorded(all)) {
      if (setting == Setting.RESCALE_TRUNCATED && config.isDefault(setting)) {
        // Earlier versions knew nothing else.
        continue;
      }
      if (config.get(setting) instanceof Integer number) {
        made.put(setting.paramName(), number);
      } else if (config.text(setting) != null) {
        made.put(setting.paramName(), config.text(setting));
      }
    }
    if (leavesPromptOut(config)) {
      made.put(PROMPT_LEFT_OUT, "as sentence-transformers");
    }
    made.put("poolingFrom", config.origin(Setting.POOLING));
    made.put(DIMENSION, dimension);
    return new VectorProvenance(recorded(all), made);
  }

  /** Whether a prompt is left out of poolings that earlier versions pooled otherwise then. */
  public static boolean leavesPromptOut(EmbedderConfig config) {
    return config.get(Setting.EXCLUDE_PROMPT)
        && !config.get(Setting.PROMPT).isEmpty()
        && config.get(Setting.POOLING).stream()
            .anyMatch(pooling -> pooling == Pooling.CLS || pooling == Pooling.WEIGHTED_MEAN);
  }

  /** Reads what {@link #json} wrote, now or in an earlier version. */
  public static VectorProvenance parse(String json) {
    return parse(Setting.ALL, json);
  }

  static VectorProvenance parse(List<Setting<?>> all, String json) {
    try {
      return new VectorProvenance(recorded(all), (ObjectNode) JSON.readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("The metadata of a column are not JSON: " + json, e);
    }
  }

  private static List<Setting<?>> recorded(List<Setting<?>> all) {
    return all.stream()
        .filter(setting -> setting.effect() == Setting.Effect.VECTORS)
        .filter(setting -> !NOT_RECORDED.contains(setting))
        .toList();
  }

  public String json() {
    return made.toString();
  }

  /** With one more field, or another value for it. */
  public VectorProvenance with(String field, String value) {
    return new VectorProvenance(settings, made.deepCopy().put(field, value));
  }

  /** This provenance for documents that were cut as {@code chunking} says. */
  public VectorProvenance chunked(String chunking) {
    return with(CHUNK, chunking);
  }

  /**
   * Of vectors that are stored in a certain way.
   *
   * @param ranges for int8, else null
   */
  public VectorProvenance stored(String type, Int8Ranges ranges) {
    ObjectNode stored = made.deepCopy().put(TYPE, type);
    if (ranges != null) {
      stored.set(INT8_MIN, JSON.valueToTree(ranges.minAsDoubles()));
      stored.set(INT8_MAX, JSON.valueToTree(ranges.maxAsDoubles()));
    }
    return new VectorProvenance(settings, stored);
  }

  /**
   * Of vectors that went through a map.
   *
   * @param post the map in words, those before it included
   * @param postFingerprint SHA-256 of the numbers of all maps
   * @param rows vectors that the map was fitted on
   * @param all SHA-256 of model and maps
   * @param inputDimension values of the vectors that the map takes: the model's, if it is the first
   */
  public VectorProvenance mapped(
      String post,
      String postFingerprint,
      long rows,
      String all,
      int inputDimension,
      int dimension) {
    return new VectorProvenance(
        settings,
        made.deepCopy()
            .put(MODEL_FINGERPRINT, modelFingerprint())
            .put(MODEL_DIMENSION, made.path(MODEL_DIMENSION).asInt(inputDimension))
            .put(FINGERPRINT, all)
            .put(DIMENSION, dimension)
            .put(POST, post)
            .put(POST_FINGERPRINT, postFingerprint)
            .put(POST_ROWS, rows));
  }

  /** The model's URI when the vectors were made. */
  public String model() {
    return made.path(MODEL).asText();
  }

  /** SHA-256 of all that made the vectors: the model, and the maps after it if there are any. */
  public String fingerprint() {
    return made.path(FINGERPRINT).asText();
  }

  /** SHA-256 over graph and tokenizer of the model. */
  public String modelFingerprint() {
    return made.path(MODEL_FINGERPRINT).asText(fingerprint());
  }

  /** The maps that vectors went through after the model, in words; empty for none. */
  public String post() {
    return made.path(POST).asText("");
  }

  /** SHA-256 of the numbers of these maps; empty if there is none. */
  public String postFingerprint() {
    return made.path(POST_FINGERPRINT).asText("");
  }

  /** How many vectors the map was fitted on. */
  public long postRows() {
    return made.path(POST_ROWS).asLong();
  }

  /** The text put before every text; empty for none. */
  public String prompt() {
    return made.path(Setting.PROMPT.paramName()).asText("");
  }

  /** The label of the type that vectors are stored as, if that is known. */
  public Optional<String> type() {
    return Optional.ofNullable(made.get(TYPE)).map(JsonNode::asText);
  }

  /** The ranges of int8 vectors. */
  public Optional<Int8Ranges> ranges() {
    return made.has(INT8_MIN)
        ? Optional.of(Int8Ranges.ofDoubles(doubles(INT8_MIN), doubles(INT8_MAX)))
        : Optional.empty();
  }

  private double[] doubles(String field) {
    return JSON.convertValue(made.get(field), double[].class);
  }

  /** Values per vector. */
  public int dimension() {
    return made.path(DIMENSION).asInt();
  }

  /** Values per vector as the model made it. */
  public int modelDimension() {
    return made.path(MODEL_DIMENSION).asInt(dimension());
  }

  /** Pooling and layers of this vector, which may have been made together with others. */
  record Pooled(String pooling, String layers) {}

  Pooled pooled() {
    String poolings = text(Setting.POOLING);
    String layers = text(Setting.LAYERS);
    if (isJoined()) {
      return new Pooled(poolings + " joined", layers);
    }
    String vector = made.path(VECTOR).asText(poolings);
    if (!layers.contains(",")) {
      return new Pooled(vector, layers);
    }
    for (String choice : layers.split(",")) {
      for (String pooling : poolings.split(",")) {
        if (VectorLayout.name(pooling, choice).equals(vector)) {
          return new Pooled(pooling, choice);
        }
      }
    }
    // The pooler is made of the last layer whatever layers the others are of.
    return new Pooled(vector, "-1");
  }

  /** Joining a single vector with nothing gives that vector. */
  private boolean isJoined() {
    return Setting.yesOrNo(text(Setting.CONCAT))
        && (text(Setting.POOLING) + text(Setting.LAYERS)).contains(",");
  }

  List<Setting<?>> settings() {
    return settings;
  }

  /** The recorded value, or the default of a setting that is not recorded or was not there yet. */
  String text(Setting<?> setting) {
    if (setting == Setting.STRIP && !has(setting.paramName())) {
      // It was not recorded where it changes nothing, nor by earlier versions.
      return Strip.EARLIER.label();
    }
    return made.path(setting.paramName())
        .asText(Objects.requireNonNullElse(setting.defaultText(), "unknown"));
  }

  /**
   * The settings that make the model's vectors of other texts, up to the number of values: {@link
   * #modelDimension} is what is left of the vectors.
   */
  public EmbedderConfig config() {
    EmbedderConfig.Builder config =
        EmbedderConfig.builder()
            .set(Setting.MODEL, model(), ORIGIN)
            .set(Setting.TRUNCATE_DIM, "0", ORIGIN)
            .set(Setting.STRIP, text(Setting.STRIP), ORIGIN);
    for (Setting<?> setting : settings) {
      if (made.has(setting.paramName())) {
        config.set(setting, text(setting), ORIGIN);
      }
    }
    if (!isJoined()) {
      config.set(Setting.POOLING, pooled().pooling(), ORIGIN);
      config.set(Setting.LAYERS, pooled().layers(), ORIGIN);
      config.set(Setting.CONCAT, "false", ORIGIN);
    }
    // Whatever it ends in, or what the model names so: it is the text itself.
    return (prompt().isEmpty()
            ? config.set(Setting.PROMPT, "none", ORIGIN)
            : config.promptText(prompt(), ORIGIN))
        .build();
  }

  /** Settings that make longer vectors, with these cut to the size of those. */
  public EmbedderConfig truncated(EmbedderConfig config) {
    return config.toBuilder()
        .set(Setting.TRUNCATE_DIM, Integer.toString(modelDimension()), ORIGIN)
        .build();
  }

  /** What must be the same for vectors to be compared, in words. */
  public String essence() {
    StringBuilder essence = new StringBuilder();
    essence.append(
        "model %s, pooling %s, layers %s, %d values"
            .formatted(
                shortened(modelFingerprint()), pooled().pooling(), pooled().layers(), dimension()));
    for (Setting<?> setting : settings) {
      if (has(setting.paramName())
          && !POOLED.contains(setting)
          && !ProvenanceComparison.ALL_THE_SAME.contains(setting)
          && !text(setting).strip().equalsIgnoreCase(setting.defaultText())) {
        essence.append(", ").append(inWords(setting));
      }
    }
    if (!post().isEmpty()) {
      essence.append(", then %s (%s)".formatted(post(), shortened(postFingerprint())));
    }
    return essence.toString();
  }

  /** Whether an {@link #essence}, of now or of an earlier version, is that of these vectors. */
  public boolean isMadeAs(String essence) {
    // Earlier versions called a single vector joined too.
    return essence()
        .equals(
            essence.replaceFirst(
                "pooling (\\w+) joined, layers ([^,]+), (\\d+ values)",
                "pooling $1, layers $2, $3"));
  }

  private String inWords(Setting<?> setting) {
    if (setting == Setting.EXCLUDE_SPECIAL_TOKENS) {
      return "without special tokens";
    }
    return setting == Setting.EXCLUDE_PROMPT
        ? "without the prompt"
        : setting.key() + " " + text(setting);
  }

  /** The beginning of a fingerprint, enough to tell two apart. */
  public static String shortened(String fingerprint) {
    return fingerprint.substring(0, Math.min(16, fingerprint.length()));
  }

  /** The fields that vectors of one column must have in common, of this and of the other. */
  public List<ProvenanceComparison.Field> besides(VectorProvenance other) {
    return new ProvenanceComparison(this, other).ofOneColumn();
  }

  /**
   * The differences that make a comparison meaningless, in words that follow "vectors that were
   * made differently ("; empty if there are none.
   *
   * @param sides a name for the two, such as {@code left and right}
   */
  public Optional<String> incomparable(VectorProvenance other, String sides) {
    return new ProvenanceComparison(this, other).incomparable(sides);
  }

  /** The value of a field, as text. */
  String value(String field, String otherwise) {
    return made.path(field).asText(otherwise);
  }

  boolean has(String field) {
    return made.has(field);
  }
}
