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
 * The params of {@link TextEmbedder}: one for each {@link Setting}, which says what it is and
 * takes, and the names and types of columns.
 *
 * @param <T> the class itself, so that setters can be chained
 */
public abstract class EmbedderParams<T extends EmbedderParams<T>> extends SettingParams<T> {
  private static final long serialVersionUID = 1;

  EmbedderParams(String uid) {
    super(uid);
    setDefault(outputCol(), "embedding");
    setDefault(outputType(), OutputType.VECTOR.label());
    setDefault(accountPrefix(), "");
    setDefault(promptIsText(), (Object) false);
  }

  /**
   * The settings as given, those left open not filled in.
   *
   * @throws UserError if a param has a value that is not allowed
   */
  public EmbedderConfig config() {
    EmbedderConfig.Builder config = given(Setting.ALL);
    if (isSet(prompt()) && (Boolean) getOrDefault(promptIsText())) {
      config.promptText(getOrDefault(prompt()), "param prompt");
    }
    return config.build();
  }

  /** Sets every param that {@code config} sets. */
  public T setConfig(EmbedderConfig config) {
    for (Setting<?> setting : Setting.ALL) {
      if (config.isSet(setting)) {
        Param<?> param = getParam(setting.paramName());
        boolean typed = param instanceof IntParam || param instanceof BooleanParam;
        Object value = typed ? config.get(setting) : config.text(setting);
        // 0 is a number left to Embark, which a param says by not being set.
        if (!value.equals(0)) {
          set(param.name(), value);
        }
      }
    }
    if (config.isSet(Setting.PROMPT)) {
      set(promptIsText(), (Object) config.promptIsText());
    }
    return self();
  }

  public Param<String> outputCol() {
    return new Param<>(uid(), "outputCol", "column for the vectors");
  }

  /** Column for the vectors; {@code embedding} by default. */
  public T setOutputCol(String value) {
    set(outputCol(), value);
    return self();
  }

  public Param<String> outputType() {
    return new Param<>(uid(), "outputType", "type of the vector columns: " + OutputType.sizes());
  }

  /**
   * {@code vector} (default), {@code float}, {@code float16-bits}, {@code int8} or {@code binary}.
   */
  public T setOutputType(String value) {
    set(outputType(), value);
    return self();
  }

  public Param<String> accountPrefix() {
    return new Param<>(
        uid(),
        "accountPrefix",
        "put before the names token_count, tokens_used, truncated and status");
  }

  /** Put before the names of the added columns other than the vector. */
  public T setAccountPrefix(String value) {
    set(accountPrefix(), value);
    return self();
  }

  public DoubleArrayArrayParam int8Ranges() {
    return new DoubleArrayArrayParam(
        this,
        "int8Ranges",
        "for output type int8: least and greatest value of each dimension, a pair of arrays for"
            + " each vector column");
  }

  /**
   * Ranges for output type int8, as {@link TextEmbedder#calibrate} finds them: for each vector
   * column least and greatest values of its dimensions.
   */
  public T setInt8Ranges(double[][] value) {
    set(int8Ranges(), value);
    return self();
  }

  public StringArrayParam post() {
    return new StringArrayParam(
        this,
        "post",
        "paths of fitted maps (LinearVectorModel) that vectors go through before they are scaled,"
            + " one for each vector column");
  }

  /**
   * Where {@link io.embark.post.LinearVectorModel}s were saved, one for each vector column, that
   * vectors go through after pooling and before they are scaled. They are fitted on vectors that
   * are not scaled (normalize none).
   */
  public T setPost(String... paths) {
    set(post(), paths);
    return self();
  }

  public BooleanParam promptIsText() {
    return new BooleanParam(
        uid(), "promptIsText", "whether the prompt is literal text, whatever it ends in");
  }

  /** Puts literal text before every text, whatever it ends in. */
  public T setPromptText(String value) {
    set(Setting.PROMPT, value);
    set(promptIsText(), (Object) true);
    return self();
  }

  public Param<String> pooling() {
    return text(Setting.POOLING);
  }

  public T setPooling(String value) {
    return set(Setting.POOLING, value);
  }

  public Param<String> layers() {
    return text(Setting.LAYERS);
  }

  public T setLayers(String value) {
    return set(Setting.LAYERS, value);
  }

  public Param<String> modules() {
    return text(Setting.MODULES);
  }

  public T setModules(String value) {
    return set(Setting.MODULES, value);
  }

  public Param<String> modelOutput() {
    return text(Setting.MODEL_OUTPUT);
  }

  public T setModelOutput(String value) {
    return set(Setting.MODEL_OUTPUT, value);
  }

  public Param<String> strip() {
    return text(Setting.STRIP);
  }

  public T setStrip(String value) {
    return set(Setting.STRIP, value);
  }

  public BooleanParam rescaleTruncated() {
    return toggle(Setting.RESCALE_TRUNCATED);
  }

  public T setRescaleTruncated(boolean value) {
    return set(Setting.RESCALE_TRUNCATED, value);
  }

  public BooleanParam concat() {
    return toggle(Setting.CONCAT);
  }

  public T setConcat(boolean value) {
    return set(Setting.CONCAT, value);
  }

  public BooleanParam excludeSpecialTokens() {
    return toggle(Setting.EXCLUDE_SPECIAL_TOKENS);
  }

  public T setExcludeSpecialTokens(boolean value) {
    return set(Setting.EXCLUDE_SPECIAL_TOKENS, value);
  }

  public BooleanParam excludePrompt() {
    return toggle(Setting.EXCLUDE_PROMPT);
  }

  public T setExcludePrompt(boolean value) {
    return set(Setting.EXCLUDE_PROMPT, value);
  }

  public IntParam truncateDim() {
    return number(Setting.TRUNCATE_DIM);
  }

  public T setTruncateDim(int value) {
    return set(Setting.TRUNCATE_DIM, value);
  }

  public BooleanParam tokenStates() {
    return toggle(Setting.TOKEN_STATES);
  }

  public T setTokenStates(boolean value) {
    return set(Setting.TOKEN_STATES, value);
  }

  public Param<String> normalize() {
    return text(Setting.NORMALIZE);
  }

  public T setNormalize(String value) {
    return set(Setting.NORMALIZE, value);
  }

  /** A prompt the model names, or literal text; a single word of it in double quotes. */
  @Override
  public T setPrompt(String value) {
    clear(promptIsText());
    return super.setPrompt(value);
  }

  public Param<String> device() {
    return text(Setting.DEVICE);
  }

  public T setDevice(String value) {
    return set(Setting.DEVICE, value);
  }

  public Param<String> precision() {
    return text(Setting.PRECISION);
  }

  public T setPrecision(String value) {
    return set(Setting.PRECISION, value);
  }

  public IntParam tokenBudget() {
    return number(Setting.TOKEN_BUDGET);
  }

  public T setTokenBudget(int value) {
    return set(Setting.TOKEN_BUDGET, value);
  }

  public IntParam intraOpThreads() {
    return number(Setting.INTRA_OP_THREADS);
  }

  public T setIntraOpThreads(int value) {
    return set(Setting.INTRA_OP_THREADS, value);
  }

  public IntParam bufferRows() {
    return number(Setting.BUFFER_ROWS);
  }

  public T setBufferRows(int value) {
    return set(Setting.BUFFER_ROWS, value);
  }

  public IntParam bufferChars() {
    return number(Setting.BUFFER_CHARS);
  }

  public T setBufferChars(int value) {
    return set(Setting.BUFFER_CHARS, value);
  }

  public Param<String> prefetch() {
    return text(Setting.PREFETCH);
  }

  public T setPrefetch(String value) {
    return set(Setting.PREFETCH, value);
  }

  public Param<String> canary() {
    return text(Setting.CANARY);
  }

  public T setCanary(String value) {
    return set(Setting.CANARY, value);
  }

  public Param<String> chunk() {
    return text(ChunkSettings.CHUNK);
  }

  public T setChunk(String value) {
    return set(ChunkSettings.CHUNK, value);
  }

  public BooleanParam chunkText() {
    return toggle(ChunkSettings.CHUNK_TEXT);
  }

  public T setChunkText(boolean value) {
    return set(ChunkSettings.CHUNK_TEXT, value);
  }

  public Param<String> padding() {
    return text(Setting.PADDING);
  }

  public T setPadding(String value) {
    return set(Setting.PADDING, value);
  }

  public Param<String> shapeBuckets() {
    return text(Setting.SHAPE_BUCKETS);
  }

  public T setShapeBuckets(String value) {
    return set(Setting.SHAPE_BUCKETS, value);
  }

  public Param<String> onRowError() {
    return text(Setting.ON_ROW_ERROR);
  }

  public T setOnRowError(String value) {
    return set(Setting.ON_ROW_ERROR, value);
  }

  public Param<String> gpuMemoryLimit() {
    return text(Setting.GPU_MEMORY_LIMIT);
  }

  public T setGpuMemoryLimit(String value) {
    return set(Setting.GPU_MEMORY_LIMIT, value);
  }

  public Param<String> gpuArena() {
    return text(Setting.GPU_ARENA);
  }

  public T setGpuArena(String value) {
    return set(Setting.GPU_ARENA, value);
  }

  public BooleanParam gpuTf32() {
    return toggle(Setting.GPU_TF32);
  }

  public T setGpuTf32(boolean value) {
    return set(Setting.GPU_TF32, value);
  }

  public Param<String> gpuConvSearch() {
    return text(Setting.GPU_CONV_SEARCH);
  }

  public T setGpuConvSearch(String value) {
    return set(Setting.GPU_CONV_SEARCH, value);
  }

  public Param<String> gpuTensorrtCache() {
    return text(Setting.GPU_TENSORRT_CACHE);
  }

  public T setGpuTensorrtCache(String value) {
    return set(Setting.GPU_TENSORRT_CACHE, value);
  }

  public BooleanParam gpuTensorrtFp16() {
    return toggle(Setting.GPU_TENSORRT_FP16);
  }

  public T setGpuTensorrtFp16(boolean value) {
    return set(Setting.GPU_TENSORRT_FP16, value);
  }
}
