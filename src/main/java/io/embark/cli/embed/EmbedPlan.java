package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.embed.EmbedSettings.Dedupe;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.embed.ChunkMode;
import io.embark.embed.ChunkSettings;
import io.embark.embed.Setting;
import io.embark.embed.Status;
import io.embark.spark.GpuStage;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.Columns;
import io.embark.spark.column.OutputType;
import io.embark.spark.executor.ExecutorSettings;
import io.embark.spark.executor.ModelFacts;
import io.embark.table.Changes;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.RowOrdering;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * The plan of an embed run. It is settled in two steps: by the settings and the input, and then,
 * under the lock of the target, by what is there already, see {@link #on}.
 *
 * @param rows all of the input's
 * @param idCol the column that identifies a row, or null
 * @param embedder must not be changed
 * @param vectorColumns one for each vector of a text
 * @param schema of the rows to write; null before the target is known
 * @param post fingerprints of the maps that vectors go through after the model
 */
record EmbedPlan(
    JobSettings settings,
    TextInput input,
    Dataset<Row> rows,
    String idCol,
    TextEmbedder embedder,
    ModelFacts model,
    List<String> vectorColumns,
    StructType schema,
    List<String> post) {

  /** Opens the model, after checks of settings and input that throw a {@link UserError}. */
  static EmbedPlan of(SparkSession spark, JobSettings settings) throws IOException {
    SparkConf conf = spark.sparkContext().getConf();
    // The executors', checked here.
    ExecutorSettings.of(conf);
    gpuStage(settings).ifPresent(stage -> stage.require(conf));
    TextInput input = TextInput.of(settings, spark.sparkContext().hadoopConfiguration());
    String idCol = settings.get(EmbedSettings.ID_COL, "id");
    Dataset<Row> rows = input.read(spark, settings);
    requireColumns(settings, rows, idCol);
    requireChunks(settings);
    TextEmbedder embedder = embedder(settings).pinModel();
    if (settings.get(EmbedSettings.OUTPUT_TYPE) != OutputType.INT8) {
      // Whatever is wrong shows here, before anything is locked.
      embedder.transformSchema(rows.schema());
    }
    // The same model, with where each of its settings comes from.
    ModelFacts model = ModelFacts.of(settings.embedderConfig());
    PostMaps.require(settings, model);
    return new EmbedPlan(
        settings,
        input,
        rows,
        List.of(rows.columns()).contains(idCol) ? idCol : null,
        embedder,
        model,
        embedder.vectorColumns(),
        null,
        List.of());
  }

  /** The plan on a target, whose rows have this schema. */
  EmbedPlan on(StructType schema, TextEmbedder embedder, List<String> post) {
    return new EmbedPlan(
        settings, input, rows, idCol, embedder, model, vectorColumns, schema, post);
  }

  SparkSession spark() {
    return rows.sparkSession();
  }

  SaveMode mode() {
    return mode(settings);
  }

  /** An output of the sample is replaced unless told otherwise. */
  static SaveMode mode(JobSettings settings) {
    return settings.get(
        EmbedSettings.MODE,
        settings.isSet(EmbedSettings.INPUT) ? SaveMode.ERROR : SaveMode.OVERWRITE);
  }

  String textCol() {
    return settings.get(EmbedSettings.TEXT_COL);
  }

  String accountPrefix() {
    return settings.get(EmbedSettings.ACCOUNT_PREFIX);
  }

  /**
   * What the input changes in the rows of a target; those that failed count as changed if they are
   * to be tried again.
   *
   * @param file the name of the file of a row of the target
   * @throws QualityGate.Failed if more rows would be deleted than may be
   */
  Changes changes(Dataset<Row> target, Column file) {
    Column retried =
        settings.get(EmbedSettings.RETRY_FAILED)
            ? Columns.of(accountPrefix() + "status").startsWith(Status.FAILED.name())
            : null;
    Changes changes = Changes.between(rows, target, file, retried, idCol, textCol());
    if (settings.get(EmbedSettings.SYNC_DELETES)) {
      new DeletionGate(this, target, changes).require();
    }
    return changes;
  }

  /** The stage of its own that asks Spark for GPUs, if it is wanted. */
  static Optional<GpuStage> gpuStage(JobSettings settings) {
    int tasksPerGpu = settings.get(EmbedSettings.GPU_STAGE);
    return tasksPerGpu == 0
        ? Optional.empty()
        : Optional.of(new GpuStage(tasksPerGpu, settings.get(EmbedSettings.GPU_SCRIPT)));
  }

  /**
   * Random rows of the input, the same ones each time.
   *
   * @param wanted about how many; 0 for all
   */
  Dataset<Row> sample(int wanted) {
    int tasks = 2 * Slots.of(spark().sparkContext());
    if (wanted == 0) {
      return rows.repartition(Math.max(tasks, rows.rdd().getNumPartitions()));
    }
    long count = rows.count();
    // Somewhat more than wanted is drawn, so that chance does not leave too few.
    double fraction = Math.min(1, 1.2 * wanted / Math.max(1, count));
    // Taking so many rows leaves them in one split, which would leave cores idle.
    return rows.sample(fraction, 1).limit(wanted).repartition(tasks);
  }

  private static TextEmbedder embedder(JobSettings settings) {
    TextEmbedder embedder =
        new TextEmbedder()
            .setConfig(settings.embedderConfig())
            .setInputCol(settings.get(EmbedSettings.TEXT_COL))
            .setOutputCol(settings.get(EmbedSettings.OUTPUT_COL))
            .setAccountPrefix(settings.get(EmbedSettings.ACCOUNT_PREFIX))
            .setOutputType(settings.get(EmbedSettings.OUTPUT_TYPE).label())
            .setChunk(settings.get(ChunkSettings.CHUNK).label())
            .setChunkOverlap(settings.get(ChunkSettings.CHUNK_OVERLAP))
            .setChunkText(settings.get(ChunkSettings.CHUNK_TEXT));
    int tokens = settings.get(ChunkSettings.CHUNK_TOKENS);
    return tokens > 0 ? embedder.setChunkTokens(tokens) : embedder;
  }

  private static void requireColumns(JobSettings settings, Dataset<Row> rows, String idCol) {
    boolean incremental = mode(settings) == SaveMode.INCREMENTAL;
    String columns = String.join(", ", rows.columns());
    if (incremental && !settings.isSet(EmbedSettings.ID_COL)) {
      throw new UserError(
          "id-col: missing; an incremental run needs it to tell rows apart. The input has %s."
              .formatted(columns));
    }
    String textCol = settings.get(EmbedSettings.TEXT_COL);
    if (!List.of(rows.columns()).contains(textCol)) {
      throw new UserError(
          "text-col: no column '%s' in the input; it has %s. Name the column of texts with --text-col."
              .formatted(textCol, columns));
    }
    DataType texts = rows.schema().apply(textCol).dataType();
    if (!(texts instanceof StringType)) {
      throw new UserError(
          "text-col: column '%s' holds %s; wanted texts (string). Name another with --text-col, or cast it first."
              .formatted(textCol, texts.simpleString()));
    }
    if (settings.isSet(EmbedSettings.ID_COL) && !List.of(rows.columns()).contains(idCol)) {
      throw new UserError(
          "id-col: no column '%s' in the input; it has %s.".formatted(idCol, columns));
    }
    if (incremental && !RowOrdering.isOrderable(rows.schema().apply(idCol).dataType())) {
      throw new UserError(
          "id-col: column '%s' holds %s, whose values cannot be compared; wanted numbers or strings."
              .formatted(idCol, rows.schema().apply(idCol).dataType().simpleString()));
    }
  }

  /** Refuses chunks that are described but not asked for, and what needs a row for each row in. */
  private static void requireChunks(JobSettings settings) {
    ChunkMode chunk = settings.get(ChunkSettings.CHUNK);
    for (Setting<?> setting : ChunkSettings.ALL) {
      if (chunk == ChunkMode.NONE && setting != ChunkSettings.CHUNK && settings.isSet(setting)) {
        throw new UserError(
            "%s: set, but chunk is none, so that texts are not cut into chunks; set chunk to rows, document or both."
                .formatted(setting.key()));
      }
    }
    boolean several = chunk == ChunkMode.ROWS || chunk == ChunkMode.BOTH;
    if (several && mode(settings) == SaveMode.INCREMENTAL) {
      throw new UserError(
          "mode: incremental needs one row per id, and chunk %s gives several. Use chunk none or document, or --mode overwrite."
              .formatted(chunk.label()));
    }
    if (several && settings.get(EmbedSettings.DEDUPE) == Dedupe.GLOBAL) {
      throw new UserError(
          "dedupe: global needs one row per text, and chunk %s gives several. Leave one of them out."
              .formatted(chunk.label()));
    }
  }
}
