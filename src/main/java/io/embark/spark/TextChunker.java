package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.ChunkMode;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.column.ChunkColumns;
import io.embark.spark.column.Chunking;
import io.embark.spark.column.InternalRows;
import io.embark.spark.executor.HostModels;
import java.util.List;
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
public final class TextChunker extends SettingParams<TextChunker> implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;
  private static final List<Setting<?>> OF_MODEL =
      List.of(Setting.MODEL, Setting.MODEL_FILE, Setting.MAX_LENGTH, Setting.PROMPT);

  public TextChunker() {
    this(Identifiable$.MODULE$.randomUID("textChunker"));
  }

  /** With a given identifier, as Spark needs it to copy and load stages. */
  public TextChunker(String uid) {
    super(uid);
    setDefault(columnPrefix(), "");
  }

  @Override
  String describe(Setting<?> setting) {
    return setting.description();
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
    return new ChunkColumns(getOrDefault(columnPrefix()), chunking(), textIndex(schema));
  }

  private Chunking chunking() {
    return new Chunking(
        ChunkMode.ROWS,
        isSet(chunkTokens()) ? (Integer) getOrDefault(chunkTokens()) : 0,
        isSet(chunkOverlap()) ? (Integer) getOrDefault(chunkOverlap()) : 0,
        true);
  }

  private EmbedderConfig config() {
    return HostModels.resolve(given(OF_MODEL).build());
  }

  public Param<String> columnPrefix() {
    return new Param<>(
        uid(), "columnPrefix", "put before the names chunk_index, chunk_start and chunk_end");
  }

  /** Put before the names of the added columns. */
  public TextChunker setColumnPrefix(String value) {
    set(columnPrefix(), value);
    return this;
  }

  @Override
  public TextChunker copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  public static MLReader<TextChunker> read() {
    return new DefaultParamsReader<>();
  }

  public static TextChunker load(String path) {
    return read().load(path);
  }
}
