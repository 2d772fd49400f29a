package io.embark.spark;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.EmbeddingStream;
import io.embark.embed.Setting;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Embeds a column of texts: an ML {@code Transformer}, alone or as a stage of a {@code Pipeline}.
 *
 * <p>Input columns are kept. Added are the vector ({@code outputCol}) and an account of each text:
 * {@code token_count} (tokens of the whole text), {@code tokens_used} (tokens the model saw),
 * {@code truncated}, and {@code status}, which says why a row has no vector. A text that is null or
 * blank gets a null vector, never a made-up one; MLlib estimators want those rows filtered out
 * ({@code status = 'OK'}).
 *
 * <p>Params that are not set are taken from the model.
 */
public final class TextEmbedder extends Transformer implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> outputType;
  private final Param<String> accountPrefix;
  private final Param<String> model;
  private final Param<String> modelFile;
  private final Param<String> pooling;
  private final Param<String> layers;
  private final BooleanParam concat;
  private final BooleanParam excludeSpecialTokens;
  private final BooleanParam excludePrompt;
  private final IntParam truncateDim;
  private final Param<String> normalize;
  private final IntParam maxLength;
  private final Param<String> prompt;
  private final Param<String> device;
  private final IntParam tokenBudget;
  private final IntParam intraOpThreads;
  private final IntParam bufferRows;
  private final IntParam bufferChars;
  private transient EmbeddingMetrics metrics;

  public TextEmbedder() {
    this(Identifiable$.MODULE$.randomUID("textEmbedder"));
  }

  /** With a given identifier, as Spark needs it to copy and load stages. */
  public TextEmbedder(String uid) {
    this.uid = uid;
    inputCol = text("inputCol", "column of texts");
    outputCol = text("outputCol", "column for the vectors");
    outputType =
        text(
            "outputType",
            "type of the vector column: vector (64-bit values, for MLlib) or float_array");
    accountPrefix =
        text(
            "accountPrefix", "put before the names token_count, tokens_used, truncated and status");
    model = text(Setting.MODEL);
    modelFile = text(Setting.MODEL_FILE);
    pooling = text(Setting.POOLING);
    layers = text(Setting.LAYERS);
    concat = toggle(Setting.CONCAT);
    excludeSpecialTokens = toggle(Setting.EXCLUDE_SPECIAL_TOKENS);
    excludePrompt = toggle(Setting.EXCLUDE_PROMPT);
    truncateDim = number(Setting.TRUNCATE_DIM);
    normalize = text(Setting.NORMALIZE);
    maxLength = number(Setting.MAX_LENGTH);
    prompt = text(Setting.PROMPT);
    device = text(Setting.DEVICE);
    tokenBudget = number(Setting.TOKEN_BUDGET);
    intraOpThreads = number(Setting.INTRA_OP_THREADS);
    bufferRows = number(Setting.BUFFER_ROWS);
    bufferChars = number(Setting.BUFFER_CHARS);
    setDefault(inputCol, "text");
    setDefault(outputCol, "embedding");
    setDefault(outputType, OutputType.VECTOR.label());
    setDefault(accountPrefix, "");
  }

  private Param<String> text(String name, String description) {
    return new Param<>(uid, name, description);
  }

  private Param<String> text(Setting<?> setting) {
    return text(setting.paramName(), describe(setting));
  }

  private BooleanParam toggle(Setting<?> setting) {
    return new BooleanParam(uid, setting.paramName(), describe(setting));
  }

  private IntParam number(Setting<?> setting) {
    return new IntParam(uid, setting.paramName(), describe(setting));
  }

  private static String describe(Setting<?> setting) {
    return "%s (default: %s)".formatted(setting.description(), setting.defaultInWords());
  }

  @Override
  public String uid() {
    return uid;
  }

  /**
   * The settings as given, those left open not filled in.
   *
   * @throws IllegalArgumentException if a param has a value that is not allowed
   */
  public EmbedderConfig config() {
    EmbedderConfig.Builder config = EmbedderConfig.builder();
    for (Setting<?> setting : Setting.ALL) {
      Param<?> param = getParam(setting.paramName());
      if (isSet(param)) {
        config.set(setting, getOrDefault(param).toString(), "param " + param.name());
      }
    }
    return config.build();
  }

  /** Sets every param that {@code config} sets. */
  public TextEmbedder setConfig(EmbedderConfig config) {
    for (Setting<?> setting : Setting.ALL) {
      if (config.isSet(setting)) {
        Param<?> param = getParam(setting.paramName());
        if (param instanceof IntParam number) {
          int value = (Integer) config.get(setting);
          // 0 is a number left to Embark, which a param says by not being set.
          if (value > 0) {
            set(number, (Object) value);
          }
        } else if (param instanceof BooleanParam toggle) {
          set(toggle, (Object) config.get(setting));
        } else {
          set(param.name(), config.text(setting));
        }
      }
    }
    return this;
  }

  /**
   * The names of the vector columns: {@code outputCol}, or with several poolings {@code
   * outputCol_mean} and so on.
   */
  public List<String> vectorColumns() {
    return columns().vectorNames(ModelFacts.of(config()));
  }

  private EmbeddingColumns columns() {
    return new EmbeddingColumns(
        getOrDefault(outputCol),
        getOrDefault(accountPrefix),
        OutputType.of(getOrDefault(outputType)));
  }

  /**
   * The schema with the added columns. Opens the model, so that whatever is wrong with it or with
   * the settings shows before the first row.
   *
   * @throws IllegalArgumentException if a column, a setting or the model is not as it must be
   */
  @Override
  public StructType transformSchema(StructType schema) {
    textIndex(schema);
    return columns().addTo(schema, ModelFacts.of(config()));
  }

  private int textIndex(StructType schema) {
    String wanted = getOrDefault(inputCol);
    for (int i = 0; i < schema.length(); i++) {
      StructField field = schema.fields()[i];
      if (field.name().equals(wanted)) {
        if (field.dataType() instanceof StringType) {
          return i;
        }
        throw new IllegalArgumentException(
            "Column '%s' holds %s; wanted texts (string). Cast it first, or set inputCol."
                .formatted(wanted, field.dataType().simpleString()));
      }
    }
    throw new IllegalArgumentException(
        "No column '%s' in the input; it has %s. Set inputCol to the column of texts."
            .formatted(wanted, String.join(", ", schema.fieldNames())));
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = transformSchema(dataset.schema());
    int textIndex = textIndex(dataset.schema());
    ModelFacts facts = ModelFacts.of(config());
    EmbedderConfig config = facts.config();
    int vectors = facts.vectorNames().size();
    EmbeddingColumns columns = columns();
    EmbeddingMetrics counted = metrics(dataset.sparkSession());
    MapPartitionsFunction<Row, Row> embed =
        rows ->
            // An empty partition must not load a model.
            rows.hasNext()
                ? new EmbeddingStream<>(
                    ExecutorEmbedders.get(config),
                    rows,
                    row -> row.isNullAt(textIndex) ? null : row.getString(textIndex),
                    (row, embedding) -> columns.append(row, embedding, vectors),
                    counted)
                : Collections.emptyIterator();
    return withMetadata(dataset.toDF().mapPartitions(embed, Encoders.row(schema)), schema);
  }

  /** Row encoders keep names and types of a schema, but not the metadata of its fields. */
  private static Dataset<Row> withMetadata(Dataset<Row> rows, StructType schema) {
    Column[] columns = new Column[schema.length()];
    for (int i = 0; i < columns.length; i++) {
      StructField field = schema.fields()[i];
      String quoted = "`" + field.name().replace("`", "``") + "`";
      columns[i] = rows.col(quoted).as(field.name(), field.metadata());
    }
    return rows.select(columns);
  }

  /** Counters over everything this embedder has transformed. */
  public synchronized EmbeddingMetrics metrics(SparkSession session) {
    if (metrics == null) {
      metrics = new EmbeddingMetrics(session.sparkContext());
    }
    return metrics;
  }

  @Override
  public TextEmbedder copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** Reads an embedder that {@code write()} saved. */
  public static MLReader<TextEmbedder> read() {
    return new DefaultParamsReader<>();
  }

  /** Loads an embedder from a path. */
  public static TextEmbedder load(String path) {
    return read().load(path);
  }

  public Param<String> inputCol() {
    return inputCol;
  }

  /** Column of texts; {@code text} by default. */
  public TextEmbedder setInputCol(String value) {
    set(inputCol, value);
    return this;
  }

  public Param<String> outputCol() {
    return outputCol;
  }

  /** Column for the vectors; {@code embedding} by default. */
  public TextEmbedder setOutputCol(String value) {
    set(outputCol, value);
    return this;
  }

  public Param<String> outputType() {
    return outputType;
  }

  /** {@code vector} (default) or {@code float_array}. */
  public TextEmbedder setOutputType(String value) {
    set(outputType, value);
    return this;
  }

  public Param<String> accountPrefix() {
    return accountPrefix;
  }

  /** Put before the names of the added columns other than the vector. */
  public TextEmbedder setAccountPrefix(String value) {
    set(accountPrefix, value);
    return this;
  }

  public Param<String> model() {
    return model;
  }

  /** The model: {@code builtin:NAME}, a directory or a URI. */
  public TextEmbedder setModel(String value) {
    Setting.MODEL.parse(value);
    set(model, value);
    return this;
  }

  public Param<String> modelFile() {
    return modelFile;
  }

  /** The ONNX file inside the model directory. */
  public TextEmbedder setModelFile(String value) {
    Setting.MODEL_FILE.parse(value);
    set(modelFile, value);
    return this;
  }

  public Param<String> pooling() {
    return pooling;
  }

  /** How token states become one vector; several, separated by commas, give a column each. */
  public TextEmbedder setPooling(String value) {
    Setting.POOLING.parse(value);
    set(pooling, value);
    return this;
  }

  public Param<String> layers() {
    return layers;
  }

  /** Whose token states are pooled, e.g. {@code -1}, {@code first+last}, {@code last4}. */
  public TextEmbedder setLayers(String value) {
    Setting.LAYERS.parse(value);
    set(layers, value);
    return this;
  }

  public BooleanParam concat() {
    return concat;
  }

  /** Whether the vectors of several poolings are joined into one. */
  public TextEmbedder setConcat(boolean value) {
    set(concat, (Object) value);
    return this;
  }

  public BooleanParam excludeSpecialTokens() {
    return excludeSpecialTokens;
  }

  /** Whether {@code [CLS]} and {@code [SEP]} are left out of means and maxima. */
  public TextEmbedder setExcludeSpecialTokens(boolean value) {
    set(excludeSpecialTokens, (Object) value);
    return this;
  }

  public BooleanParam excludePrompt() {
    return excludePrompt;
  }

  /** Whether the prompt's tokens are left out of means and maxima. */
  public TextEmbedder setExcludePrompt(boolean value) {
    set(excludePrompt, (Object) value);
    return this;
  }

  public IntParam truncateDim() {
    return truncateDim;
  }

  /** How many leading values of each vector are kept; 0 keeps all. */
  public TextEmbedder setTruncateDim(int value) {
    Setting.TRUNCATE_DIM.parse(Integer.toString(value));
    set(truncateDim, (Object) value);
    return this;
  }

  public Param<String> normalize() {
    return normalize;
  }

  /** {@code none} or {@code l2}. */
  public TextEmbedder setNormalize(String value) {
    Setting.NORMALIZE.parse(value);
    set(normalize, value);
    return this;
  }

  public IntParam maxLength() {
    return maxLength;
  }

  /** The most tokens per text, special tokens included. */
  public TextEmbedder setMaxLength(int value) {
    Setting.MAX_LENGTH.parse(Integer.toString(value));
    set(maxLength, (Object) value);
    return this;
  }

  public Param<String> prompt() {
    return prompt;
  }

  /** A prompt the model names, or literal text ending in a space or colon. */
  public TextEmbedder setPrompt(String value) {
    Setting.PROMPT.parse(value);
    set(prompt, value);
    return this;
  }

  public Param<String> device() {
    return device;
  }

  /** {@code auto}, {@code cpu} or {@code cuda}. */
  public TextEmbedder setDevice(String value) {
    Setting.DEVICE.parse(value);
    set(device, value);
    return this;
  }

  public IntParam tokenBudget() {
    return tokenBudget;
  }

  /** The most padded tokens in a batch. */
  public TextEmbedder setTokenBudget(int value) {
    Setting.TOKEN_BUDGET.parse(Integer.toString(value));
    set(tokenBudget, (Object) value);
    return this;
  }

  public IntParam intraOpThreads() {
    return intraOpThreads;
  }

  /** Threads that share the work of one batch on a CPU. */
  public TextEmbedder setIntraOpThreads(int value) {
    Setting.INTRA_OP_THREADS.parse(Integer.toString(value));
    set(intraOpThreads, (Object) value);
    return this;
  }

  public IntParam bufferRows() {
    return bufferRows;
  }

  /** Rows a task holds to sort by length. */
  public TextEmbedder setBufferRows(int value) {
    Setting.BUFFER_ROWS.parse(Integer.toString(value));
    set(bufferRows, (Object) value);
    return this;
  }

  public IntParam bufferChars() {
    return bufferChars;
  }

  /** Characters of text a task holds. */
  public TextEmbedder setBufferChars(int value) {
    Setting.BUFFER_CHARS.parse(Integer.toString(value));
    set(bufferChars, (Object) value);
    return this;
  }
}
