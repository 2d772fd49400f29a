package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.ChunkSettings;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.column.OutputType;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleArrayArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.StringArrayParam;

/**
 * The params of {@link TextEmbedder}: one for each {@link Setting}, and the names and types of
 * columns. Each has a public method that returns it, which is how Spark finds it.
 *
 * @param <T> the class itself, so that setters can be chained
 */
public abstract class EmbedderParams<T extends EmbedderParams<T>> extends GpuParams<T> {
  private static final long serialVersionUID = 1;

  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> outputType;
  private final Param<String> accountPrefix;
  private final DoubleArrayArrayParam int8Ranges;
  private final StringArrayParam post;
  private final Param<String> model;
  private final Param<String> modelFile;
  private final Param<String> pooling;
  private final Param<String> layers;
  private final BooleanParam concat;
  private final BooleanParam excludeSpecialTokens;
  private final BooleanParam excludePrompt;
  private final IntParam truncateDim;
  private final BooleanParam tokenStates;
  private final Param<String> normalize;
  private final IntParam maxLength;
  private final Param<String> prompt;
  private final Param<String> device;
  private final Param<String> precision;
  private final Param<String> canary;
  private final IntParam tokenBudget;
  private final IntParam intraOpThreads;
  private final IntParam bufferRows;
  private final IntParam bufferChars;
  private final Param<String> prefetch;
  private final Param<String> chunk;
  private final IntParam chunkTokens;
  private final IntParam chunkOverlap;
  private final BooleanParam chunkText;

  EmbedderParams(String uid) {
    super(uid);
    inputCol = text("inputCol", "column of texts");
    outputCol = text("outputCol", "column for the vectors");
    model = text(Setting.MODEL);
    modelFile = text(Setting.MODEL_FILE);
    pooling = text(Setting.POOLING);
    layers = text(Setting.LAYERS);
    concat = toggle(Setting.CONCAT);
    excludeSpecialTokens = toggle(Setting.EXCLUDE_SPECIAL_TOKENS);
    excludePrompt = toggle(Setting.EXCLUDE_PROMPT);
    truncateDim = number(Setting.TRUNCATE_DIM);
    tokenStates = toggle(Setting.TOKEN_STATES);
    normalize = text(Setting.NORMALIZE);
    maxLength = number(Setting.MAX_LENGTH);
    prompt = text(Setting.PROMPT);
    device = text(Setting.DEVICE);
    precision = text(Setting.PRECISION);
    tokenBudget = number(Setting.TOKEN_BUDGET);
    intraOpThreads = number(Setting.INTRA_OP_THREADS);
    bufferRows = number(Setting.BUFFER_ROWS);
    bufferChars = number(Setting.BUFFER_CHARS);
    prefetch = text(Setting.PREFETCH);
    canary = text(Setting.CANARY);
    chunk = text(ChunkSettings.CHUNK);
    chunkTokens = number(ChunkSettings.CHUNK_TOKENS);
    chunkOverlap = number(ChunkSettings.CHUNK_OVERLAP);
    chunkText = toggle(ChunkSettings.CHUNK_TEXT);
    outputType =
        text(
            "outputType",
            "type of the vector columns: vector (64-bit values, for MLlib), float, float16-bits,"
                + " int8, binary");
    accountPrefix =
        text(
            "accountPrefix", "put before the names token_count, tokens_used, truncated and status");
    int8Ranges =
        new DoubleArrayArrayParam(
            this,
            "int8Ranges",
            "for output type int8: least and greatest value of each dimension, a pair of arrays for"
                + " each vector column");
    post =
        new StringArrayParam(
            this,
            "post",
            "paths of fitted maps (LinearVectorModel) that vectors go through before they are"
                + " scaled, one for each vector column");
    setDefault(inputCol, "text");
    setDefault(outputCol, "embedding");
    setDefault(outputType, OutputType.VECTOR.label());
    setDefault(accountPrefix, "");
  }

  /**
   * The settings as given, those left open not filled in.
   *
   * @throws UserError if a param has a value that is not allowed
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
  public T setConfig(EmbedderConfig config) {
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
    return self();
  }

  public Param<String> inputCol() {
    return inputCol;
  }

  /** Column of texts; {@code text} by default. */
  public T setInputCol(String value) {
    set(inputCol, value);
    return self();
  }

  public Param<String> outputCol() {
    return outputCol;
  }

  /** Column for the vectors; {@code embedding} by default. */
  public T setOutputCol(String value) {
    set(outputCol, value);
    return self();
  }

  public Param<String> outputType() {
    return outputType;
  }

  /**
   * {@code vector} (default), {@code float}, {@code float16-bits}, {@code int8} or {@code binary}.
   */
  public T setOutputType(String value) {
    set(outputType, value);
    return self();
  }

  public Param<String> accountPrefix() {
    return accountPrefix;
  }

  /** Put before the names of the added columns other than the vector. */
  public T setAccountPrefix(String value) {
    set(accountPrefix, value);
    return self();
  }

  public DoubleArrayArrayParam int8Ranges() {
    return int8Ranges;
  }

  /**
   * Ranges for output type int8, as {@link TextEmbedder#calibrate} finds them: for each vector
   * column least and greatest values of its dimensions.
   */
  public T setInt8Ranges(double[][] value) {
    set(int8Ranges, value);
    return self();
  }

  public StringArrayParam post() {
    return post;
  }

  /**
   * Maps that vectors go through after pooling and before they are scaled: where {@link
   * io.embark.post.LinearVectorModel}s were saved, one for each vector column. They are fitted on
   * vectors that are not scaled (normalize none).
   */
  public T setPost(String... paths) {
    set(post, paths);
    return self();
  }

  public Param<String> model() {
    return model;
  }

  /** The model: {@code builtin:NAME}, a directory or a URI. */
  public T setModel(String value) {
    Setting.MODEL.parse(value);
    set(model, value);
    return self();
  }

  public Param<String> modelFile() {
    return modelFile;
  }

  /** The ONNX file inside the model directory. */
  public T setModelFile(String value) {
    Setting.MODEL_FILE.parse(value);
    set(modelFile, value);
    return self();
  }

  public Param<String> pooling() {
    return pooling;
  }

  /** How token states become one vector; several, separated by commas, give a column each. */
  public T setPooling(String value) {
    Setting.POOLING.parse(value);
    set(pooling, value);
    return self();
  }

  public Param<String> layers() {
    return layers;
  }

  /** Whose token states are pooled, e.g. {@code -1}, {@code first+last}, {@code last4}. */
  public T setLayers(String value) {
    Setting.LAYERS.parse(value);
    set(layers, value);
    return self();
  }

  public BooleanParam concat() {
    return concat;
  }

  /** Whether the vectors of several poolings are joined into one. */
  public T setConcat(boolean value) {
    set(concat, (Object) value);
    return self();
  }

  public BooleanParam excludeSpecialTokens() {
    return excludeSpecialTokens;
  }

  /** Whether {@code [CLS]} and {@code [SEP]} are left out of means and maxima. */
  public T setExcludeSpecialTokens(boolean value) {
    set(excludeSpecialTokens, (Object) value);
    return self();
  }

  public BooleanParam excludePrompt() {
    return excludePrompt;
  }

  /** Whether the prompt's tokens are left out of means and maxima. */
  public T setExcludePrompt(boolean value) {
    set(excludePrompt, (Object) value);
    return self();
  }

  public IntParam truncateDim() {
    return truncateDim;
  }

  /** How many leading values of each vector are kept; 0 keeps all. */
  public T setTruncateDim(int value) {
    Setting.TRUNCATE_DIM.parse(Integer.toString(value));
    set(truncateDim, (Object) value);
    return self();
  }

  public BooleanParam tokenStates() {
    return tokenStates;
  }

  /** Whether a column {@code token_states} keeps the state of every token for later pooling. */
  public T setTokenStates(boolean value) {
    set(tokenStates, (Object) value);
    return self();
  }

  public Param<String> normalize() {
    return normalize;
  }

  /** {@code none} or {@code l2}. */
  public T setNormalize(String value) {
    Setting.NORMALIZE.parse(value);
    set(normalize, value);
    return self();
  }

  public IntParam maxLength() {
    return maxLength;
  }

  /** The most tokens per text, special tokens included. */
  public T setMaxLength(int value) {
    Setting.MAX_LENGTH.parse(Integer.toString(value));
    set(maxLength, (Object) value);
    return self();
  }

  public Param<String> prompt() {
    return prompt;
  }

  /** A prompt the model names, or literal text ending in a space or colon. */
  public T setPrompt(String value) {
    Setting.PROMPT.parse(value);
    set(prompt, value);
    return self();
  }

  public Param<String> device() {
    return device;
  }

  /** {@code auto}, {@code cpu} or {@code cuda}. */
  public T setDevice(String value) {
    Setting.DEVICE.parse(value);
    set(device, value);
    return self();
  }

  public Param<String> precision() {
    return precision;
  }

  /** {@code float} or {@code int8}. */
  public T setPrecision(String value) {
    Setting.PRECISION.parse(value);
    set(precision, value);
    return self();
  }

  public IntParam tokenBudget() {
    return tokenBudget;
  }

  /** The most padded tokens in a batch. */
  public T setTokenBudget(int value) {
    Setting.TOKEN_BUDGET.parse(Integer.toString(value));
    set(tokenBudget, (Object) value);
    return self();
  }

  public IntParam intraOpThreads() {
    return intraOpThreads;
  }

  /** Threads that share the work of one batch on a CPU. */
  public T setIntraOpThreads(int value) {
    Setting.INTRA_OP_THREADS.parse(Integer.toString(value));
    set(intraOpThreads, (Object) value);
    return self();
  }

  public IntParam bufferRows() {
    return bufferRows;
  }

  /** Rows a task holds to sort by length. */
  public T setBufferRows(int value) {
    Setting.BUFFER_ROWS.parse(Integer.toString(value));
    set(bufferRows, (Object) value);
    return self();
  }

  public IntParam bufferChars() {
    return bufferChars;
  }

  /** Characters of text a task holds. */
  public T setBufferChars(int value) {
    Setting.BUFFER_CHARS.parse(Integer.toString(value));
    set(bufferChars, (Object) value);
    return self();
  }

  public Param<String> prefetch() {
    return prefetch;
  }

  /** {@code auto}, or buffers that a task reads ahead of the model. */
  public T setPrefetch(String value) {
    Setting.PREFETCH.parse(value);
    set(prefetch, value);
    return self();
  }

  public Param<String> canary() {
    return canary;
  }

  /** How far vectors of known sentences may be from the expected ones: auto, off, or a distance. */
  public T setCanary(String value) {
    Setting.CANARY.parse(value);
    set(canary, value);
    return self();
  }

  public Param<String> chunk() {
    return chunk;
  }

  /**
   * What becomes of long texts: {@code none} (default), {@code rows}, {@code document}, {@code
   * both}.
   */
  public T setChunk(String value) {
    ChunkSettings.CHUNK.parse(value);
    set(chunk, value);
    return self();
  }

  public IntParam chunkTokens() {
    return chunkTokens;
  }

  /** The most tokens per chunk, special tokens and prompt included. */
  public T setChunkTokens(int value) {
    ChunkSettings.CHUNK_TOKENS.parse(Integer.toString(value));
    set(chunkTokens, (Object) value);
    return self();
  }

  public IntParam chunkOverlap() {
    return chunkOverlap;
  }

  /** The most text tokens that a chunk shares with the one before it. */
  public T setChunkOverlap(int value) {
    ChunkSettings.CHUNK_OVERLAP.parse(Integer.toString(value));
    set(chunkOverlap, (Object) value);
    return self();
  }

  public BooleanParam chunkText() {
    return chunkText;
  }

  /** Whether rows of chunks hold the chunk's text; otherwise null. */
  public T setChunkText(boolean value) {
    set(chunkText, (Object) value);
    return self();
  }
}
