package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.ChunkMode;
import io.embark.embed.ChunkSettings;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.column.ChunkColumns;
import io.embark.spark.column.Chunking;
import io.embark.spark.column.InternalRows;
import io.embark.spark.executor.HostModels;
import java.util.List;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Cuts a column of long texts into windows of tokens: an ML {@code Transformer} that makes a row of
 * every chunk.
 *
 * <p>The text column holds the chunk's text; added are {@code chunk_index}, {@code chunk_start} and
 * {@code chunk_end}, so that {@code substring(text, chunk_start + 1, chunk_end - chunk_start)} of
 * the input is the chunk. The other columns are repeated. A text that fits is one row as it is, so
 * is a null, without positions. No chunk is longer than a {@link TextEmbedder} with the same model,
 * maximum length and prompt takes uncut. The model's graph is not loaded.
 */
public final class TextChunker extends Transformer implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;
  private static final List<Setting<?>> OF_MODEL =
      List.of(Setting.MODEL, Setting.MODEL_FILE, Setting.MAX_LENGTH, Setting.PROMPT);

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> columnPrefix;
  private final Param<String> model;
  private final Param<String> modelFile;
  private final IntParam maxLength;
  private final Param<String> prompt;
  private final IntParam chunkTokens;
  private final IntParam chunkOverlap;

  public TextChunker() {
    this(Identifiable$.MODULE$.randomUID("textChunker"));
  }

  /** With a given identifier, as Spark needs it to copy and load stages. */
  public TextChunker(String uid) {
    this.uid = uid;
    inputCol = new Param<>(uid, "inputCol", "column of texts");
    columnPrefix =
        new Param<>(
            uid, "columnPrefix", "put before the names chunk_index, chunk_start and chunk_end");
    model = text(Setting.MODEL);
    modelFile = text(Setting.MODEL_FILE);
    maxLength = number(Setting.MAX_LENGTH);
    prompt = text(Setting.PROMPT);
    chunkTokens = number(ChunkSettings.CHUNK_TOKENS);
    chunkOverlap = number(ChunkSettings.CHUNK_OVERLAP);
    setDefault(inputCol, "text");
    setDefault(columnPrefix, "");
  }

  private Param<String> text(Setting<?> setting) {
    return new Param<>(uid, setting.paramName(), setting.description());
  }

  private IntParam number(Setting<?> setting) {
    return new IntParam(uid, setting.paramName(), setting.description());
  }

  @Override
  public String uid() {
    return uid;
  }

  /**
   * The schema with the added columns. Opens the tokenizer, so that whatever is wrong shows before
   * the first row.
   *
   * @throws UserError if a column, a setting or the model is not as it must be
   */
  @Override
  public StructType transformSchema(StructType schema) {
    chunking().chunker(config());
    return columns(schema).addTo(schema);
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType input = dataset.schema();
    StructType schema = transformSchema(input);
    EmbedderConfig config = config();
    Chunking chunking = chunking();
    ChunkColumns columns = columns(input);
    return InternalRows.mapPartitions(
        dataset.toDF(), schema, rows -> columns.chunks(rows, input, chunking.chunker(config)));
  }

  private ChunkColumns columns(StructType schema) {
    return new ChunkColumns(
        getOrDefault(columnPrefix),
        chunking(),
        TextEmbedder.textIndex(schema, getOrDefault(inputCol)));
  }

  private Chunking chunking() {
    return new Chunking(
        ChunkMode.ROWS,
        isSet(chunkTokens) ? (Integer) getOrDefault(chunkTokens) : 0,
        isSet(chunkOverlap) ? (Integer) getOrDefault(chunkOverlap) : 0,
        true);
  }

  private EmbedderConfig config() {
    EmbedderConfig.Builder config = EmbedderConfig.builder();
    for (Setting<?> setting : OF_MODEL) {
      Param<?> param = getParam(setting.paramName());
      if (isSet(param)) {
        config.set(setting, getOrDefault(param).toString(), "param " + param.name());
      }
    }
    return HostModels.resolve(config.build());
  }

  private TextChunker put(Setting<?> setting, Object value) {
    setting.parse(value.toString());
    set(setting.paramName(), value);
    return this;
  }

  public Param<String> inputCol() {
    return inputCol;
  }

  /** Column of texts; {@code text} by default. */
  public TextChunker setInputCol(String value) {
    set(inputCol, value);
    return this;
  }

  public Param<String> columnPrefix() {
    return columnPrefix;
  }

  /** Put before the names of the added columns. */
  public TextChunker setColumnPrefix(String value) {
    set(columnPrefix, value);
    return this;
  }

  public Param<String> model() {
    return model;
  }

  /** The model whose tokens are counted: {@code builtin:NAME}, a directory or a URI. */
  public TextChunker setModel(String value) {
    return put(Setting.MODEL, value);
  }

  public Param<String> modelFile() {
    return modelFile;
  }

  /** The ONNX file inside the model directory. */
  public TextChunker setModelFile(String value) {
    return put(Setting.MODEL_FILE, value);
  }

  public IntParam maxLength() {
    return maxLength;
  }

  /** The most tokens that the model is given of a text; no chunk has more. */
  public TextChunker setMaxLength(int value) {
    return put(Setting.MAX_LENGTH, value);
  }

  public Param<String> prompt() {
    return prompt;
  }

  /** The prompt that will be put before every chunk, which leaves less room for text. */
  public TextChunker setPrompt(String value) {
    return put(Setting.PROMPT, value);
  }

  public IntParam chunkTokens() {
    return chunkTokens;
  }

  /** The most tokens per chunk, special tokens and prompt included. */
  public TextChunker setChunkTokens(int value) {
    return put(ChunkSettings.CHUNK_TOKENS, value);
  }

  public IntParam chunkOverlap() {
    return chunkOverlap;
  }

  /** The most text tokens that a chunk shares with the one before it. */
  public TextChunker setChunkOverlap(int value) {
    return put(ChunkSettings.CHUNK_OVERLAP, value);
  }

  @Override
  public TextChunker copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** Reads a chunker that {@code write()} saved. */
  public static MLReader<TextChunker> read() {
    return new DefaultParamsReader<>();
  }

  /** Loads a chunker from a path. */
  public static TextChunker load(String path) {
    return read().load(path);
  }
}
