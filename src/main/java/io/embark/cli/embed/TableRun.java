package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.embed.EmbedSettings.Dedupe;
import io.embark.embed.ChunkMode;
import io.embark.embed.ChunkSettings;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.GpuStage;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.Columns;
import io.embark.spark.executor.CanaryWatch;
import io.embark.spark.executor.ModelFacts;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.parquet.RowCounter;
import io.embark.spark.parquet.VectorParquetFormat;
import io.embark.table.Slices;
import io.embark.table.StagedRun;
import io.embark.table.Staging;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Embeds rows into a staging directory, slice by slice, going on where an earlier attempt was
 * killed. Nothing of it is visible to readers.
 */
final class TableRun {
  private static final Logger LOG = LoggerFactory.getLogger(TableRun.class);

  private static final String SLICES = "slices";
  private static final String JOINED = "joined";
  private static final String REWRITTEN = "rewritten";

  private final SparkSession spark;
  private final JobSettings settings;
  private final TextEmbedder embedder;
  private final Staging staging;
  private final String textCol;
  private final String idCol;
  private final StructType schema;
  private final List<String> post;
  private final EmbedderConfig config;

  /**
   * @param idCol the column that identifies a row, or null
   * @param schema of the rows to write
   * @param post fingerprints of the maps that vectors go through after the model
   */
  TableRun(
      SparkSession spark,
      JobSettings settings,
      TextEmbedder embedder,
      Staging staging,
      String idCol,
      StructType schema,
      List<String> post) {
    this.spark = spark;
    this.settings = settings;
    this.embedder = embedder;
    this.staging = staging;
    this.textCol = settings.get(EmbedSettings.TEXT_COL);
    this.idCol = idCol;
    this.schema = schema;
    this.post = post;
    this.config = ModelFacts.of(settings.embedderConfig()).config();
  }

  /**
   * What was staged.
   *
   * @param summary of the embedded rows
   * @param rowsOf rows of each staged file, by its path below the staging directory
   * @param slices how many there were
   * @param resumedSlices how many of them an earlier attempt had done
   * @param worst where examples of bad rows are found
   * @param texts that went to the model or were found blank: fewer than rows after a global dedupe
   */
  record Staged(
      RunSummary summary,
      Map<String, Long> rowsOf,
      WorstRows worst,
      int slices,
      int resumedSlices,
      long texts) {}

  /**
   * Embeds.
   *
   * @param counted how many rows there are, -1 if they are to be counted
   */
  Staged embed(Dataset<Row> rows, long counted) throws IOException {
    Optional<GlobalDedupe> dedupe =
        settings.get(EmbedSettings.DEDUPE) == Dedupe.GLOBAL
            ? Optional.of(new GlobalDedupe(textCol))
            : Optional.empty();
    Dataset<Row> items = dedupe.map(d -> d.texts(rows)).orElse(rows);
    Optional<StagedRun> begun = staging.begun();
    StagedRun run = begun.isPresent() ? begun.get() : begin(rows, items, counted);
    Set<Integer> done = staging.done();
    StructType sliceSchema = embedder.transformSchema(items.schema());
    // Of these files only: an executor of a driver that was killed may just be finishing another.
    long resumed = done.isEmpty() ? 0 : StagedCounts.of(staging.filesOf(done), hadoop()).rows();
    if (!done.isEmpty()) {
      LOG.info(
          "Going on where an earlier attempt ended: {} of {} slices with {} rows are done",
          done.size(),
          run.slices(),
          resumed);
    }

    EmbeddingMetrics metrics = embedder.metrics(spark);
    // Rows are texts after a dedupe, and chunks where texts are cut: more or fewer than rows here.
    boolean known = dedupe.isEmpty() && settings.get(ChunkSettings.CHUNK) == ChunkMode.NONE;
    Progress progress =
        Progress.of(
            spark.sparkContext(),
            known ? run.rows() - resumed : -1,
            settings.get(EmbedSettings.PROGRESS).settle());
    RunGauges gauges = RunGauges.of(progress, metrics);
    try {
      if (done.size() < run.slices()) {
        Slices slices = Slices.of(run.slices(), items.schema(), dedupe.isPresent() ? null : idCol);
        Dataset<Row> embedded =
            RunFooter.mark(embedder.transform(slices.undone(items, done)), staging.key());
        Dataset<Row> placed =
            gpuStage(settings).map(stage -> stage.around(embedded)).orElse(embedded);
        CanaryWatch.on(spark.sparkContext())
            .during(() -> Slices.write(placed, staging.slices(), totals()));
      }
    } finally {
      gauges.close();
      progress.close();
    }
    RunMetrics effort = RunMetrics.of(metrics, progress.failedTasks(), progress.seconds());

    String part = SLICES;
    long texts = -1;
    if (dedupe.isPresent()) {
      part = JOINED;
      Dataset<Row> once = spark.read().schema(sliceSchema).parquet(staging.slices());
      texts = once.count();
      write(RunFooter.mark(dedupe.get().join(rows, once, schema), staging.key()), part);
    }
    StagedCounts counts = counts(part);
    RunSummary summary = RunSummary.of(run.rows(), counts.totals(), effort, resumed);
    if (summary.rowsRead() != summary.documents()) {
      throw new IllegalStateException(
          "%d rows were to be embedded, and %d were, in %s; these must be equal. Was the input changed meanwhile?"
              .formatted(summary.rowsRead(), summary.documents(), staging.part(part)));
    }
    return new Staged(
        summary,
        below(part, counts.rowsOf()),
        new WorstRows(
            spark.read().schema(schema).parquet(staging.part(part)),
            idCol,
            textCol,
            settings.get(EmbedSettings.ACCOUNT_PREFIX)),
        run.slices(),
        done.size(),
        texts < 0 ? summary.documents() : texts);
  }

  private StagedRun begin(Dataset<Row> rows, Dataset<Row> items, long known) throws IOException {
    Row measured = measure(items);
    long all = known >= 0 ? known : items == rows ? measured.getLong(0) : count(rows);
    return staging.begin(all, slices(measured.getLong(0), measured.getLong(1)), int8Ranges(), post);
  }

  /** Where GPUs are asked for the embedding stage alone. */
  static Optional<GpuStage> gpuStage(JobSettings settings) {
    int tasksPerGpu = settings.get(EmbedSettings.GPU_STAGE);
    return tasksPerGpu == 0
        ? Optional.empty()
        : Optional.of(new GpuStage(tasksPerGpu, settings.get(EmbedSettings.GPU_SCRIPT)));
  }

  private double[][] int8Ranges() {
    return embedder.isDefined(embedder.int8Ranges())
        ? embedder.getOrDefault(embedder.int8Ranges())
        : new double[0][];
  }

  private int slices(long rows, long tokens) {
    int wanted = settings.get(EmbedSettings.PARTITIONS);
    if (wanted > 0) {
      return wanted;
    }
    SparkContext context = spark.sparkContext();
    long commitRows = settings.get(EmbedSettings.COMMIT_ROWS);
    long byRows = (rows + commitRows - 1) / commitRows;
    int byTokens = TaskSize.of(context, config).tasks(tokens, Slots.of(context));
    int slices = (int) Math.min(1_000_000, Math.max(1, Math.max(byRows, byTokens)));
    LOG.info(
        "Slices: {} rows of about {} tokens are cut into {}, each a task and a file",
        rows,
        tokens,
        slices);
    return slices;
  }

  /** Rows of an input; the texts are read, so that lines that hold no row do not count. */
  private long count(Dataset<Row> rows) {
    return measure(rows).getLong(0);
  }

  /** Rows and estimated tokens. */
  private Row measure(Dataset<Row> rows) {
    Column text = Columns.of(textCol);
    Column tokens = EstimatedTokens.of(text, config.get(Setting.MAX_LENGTH));
    return rows.agg(
            functions.count(functions.lit(1)),
            functions.coalesce(functions.sum(tokens), functions.lit(0L)))
        .head();
  }

  /**
   * Writes what stays of files that go.
   *
   * @return rows of each staged file
   */
  Map<String, Long> rewrite(IncrementalPlan plan) throws IOException {
    Optional<Dataset<Row>> rewritten = plan.rewritten();
    if (rewritten.isEmpty()) {
      return Map.of();
    }
    write(rewritten.get(), REWRITTEN);
    StagedCounts counts = counts(REWRITTEN);
    OptionalLong wanted = plan.rewrittenRows();
    if (wanted.isPresent() && wanted.getAsLong() != counts.rows()) {
      throw new IllegalStateException(
          "%d rows were to be carried over, and %d were, to %s; these must be equal."
              .formatted(wanted.getAsLong(), counts.rows(), staging.part(REWRITTEN)));
    }
    return below(REWRITTEN, counts.rowsOf());
  }

  private void write(Dataset<Row> rows, String part) {
    rows.write()
        .mode("overwrite")
        .options(totals())
        .format(VectorParquetFormat.NAME)
        .save(staging.part(part));
  }

  /** What makes a writer count. */
  private Map<String, String> totals() {
    return RowCounter.options(
        settings.get(ChunkSettings.CHUNK), settings.get(EmbedSettings.ACCOUNT_PREFIX));
  }

  private StagedCounts counts(String part) throws IOException {
    return StagedCounts.of(staging.files(part), hadoop());
  }

  private Configuration hadoop() {
    return spark.sparkContext().hadoopConfiguration();
  }

  private Map<String, Long> below(String part, Map<String, Long> rowsOf) {
    Map<String, Long> paths = new TreeMap<>();
    rowsOf.forEach((name, rows) -> paths.put(part + "/" + name, rows));
    return paths;
  }
}
