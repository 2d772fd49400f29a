package io.embark.job;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Status;
import io.embark.job.EmbedSettings.SaveMode;
import io.embark.spark.CanaryWatch;
import io.embark.spark.EmbeddingMetrics;
import io.embark.spark.ExecutorSettings;
import io.embark.spark.GpuStage;
import io.embark.spark.ModelFacts;
import io.embark.spark.OutputType;
import io.embark.spark.TextEmbedder;
import io.embark.spark.VectorParquet;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/** One run of the {@code embed} job in a session. */
final class EmbedRun {
  private static final String SAMPLE_OUTPUT = "embark-output/sample";
  private static final String ROWS = "rows";

  private final PrintWriter out;
  private final SparkSession spark;
  private final JobSettings settings;
  private final boolean sample;

  /**
   * @param sample whether the shipped sample is embedded, for want of an input
   */
  EmbedRun(SparkSession spark, JobSettings settings, boolean sample, PrintWriter out) {
    this.out = out;
    this.spark = spark;
    this.settings = settings;
    this.sample = sample;
  }

  void call() throws IOException, InterruptedException {
    long start = System.nanoTime();
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    String textCol = settings.get(EmbedSettings.TEXT_COL);
    Path output = new Path(settings.get(EmbedSettings.OUTPUT, SAMPLE_OUTPUT));
    SaveMode mode = settings.get(EmbedSettings.MODE, sample ? SaveMode.OVERWRITE : SaveMode.ERROR);
    output = output.getFileSystem(hadoop).makeQualified(output);
    checkOutput(output, mode, hadoop);
    // The executors', checked here.
    ExecutorSettings.of(spark.sparkContext().getConf());
    Optional<GpuStage> gpuStage = gpuStage();
    gpuStage.ifPresent(stage -> stage.require(spark.sparkContext().getConf()));

    TextInput input =
        TextInput.of(
            sample ? EmbedCommand.sampleFile() : settings.get(EmbedSettings.INPUT),
            settings.get(EmbedSettings.FORMAT, null),
            settings.get(EmbedSettings.READ_OPTION, null),
            hadoop);
    input.requireOutside(output);
    Dataset<Row> rows = input.read(spark, textCol);
    checkColumns(rows, textCol);
    TextEmbedder embedder =
        new TextEmbedder()
            .setConfig(settings.embedderConfig())
            .setInputCol(textCol)
            .setOutputCol(settings.get(EmbedSettings.OUTPUT_COL))
            .setAccountPrefix(settings.get(EmbedSettings.ACCOUNT_PREFIX))
            .setOutputType(settings.get(EmbedSettings.OUTPUT_TYPE).label());
    if (settings.get(EmbedSettings.OUTPUT_TYPE) == OutputType.INT8) {
      embedder.calibrate(calibrationSample(rows));
    }
    StructType schema = embedder.transformSchema(rows.schema());
    if (mode == SaveMode.APPEND && output.getFileSystem(hadoop).exists(output)) {
      AppendCheck.require(output, spark.read().parquet(output.toString()).schema(), schema);
    }
    ModelFacts facts = ModelFacts.of(settings.embedderConfig());
    EffectiveSettings.print(out, settings, facts, embedder.vectorColumns(), input, output, mode);

    Observation read = new Observation();
    Observation written = new Observation();
    Dataset<Row> spread = spread(rows, facts.config(), input.format());
    spark.sparkContext().setJobDescription("Embark: embed " + String.join(", ", input.paths()));
    Dataset<Row> counted = spread.observe(read, functions.count(functions.lit(1)).as(ROWS));
    Dataset<Row> vectors = embedder.transform(counted);
    Dataset<Row> embedded =
        observeResult(gpuStage.map(stage -> stage.around(vectors)).orElse(vectors), written);
    EmbeddingMetrics metrics = embedder.metrics(spark);
    long working = System.nanoTime();
    String target = output.toString();
    Runnable write =
        () ->
            embedded
                .write()
                .mode(sparkMode(mode))
                .options(VectorParquet.options(schema))
                .parquet(target);
    CanaryWatch.on(spark.sparkContext()).during(() -> Progress.during(spark.sparkContext(), write));
    double seconds = (System.nanoTime() - working) / 1e9;

    RunSummary summary = RunSummary.of(count(read), written.getAsJava(), metrics, seconds);
    verify(summary, output, mode);
    RunManifest.write(output, spark, settings, facts, input, summary);
    summary.print(out, output, (System.nanoTime() - start) / 1e9);
    int preview = settings.get(EmbedSettings.PREVIEW);
    if (preview > 0) {
      new Preview(
              spark,
              out,
              textCol,
              idColumn(rows),
              embedder.vectorColumns().get(0),
              settings.get(EmbedSettings.ACCOUNT_PREFIX))
          .print(output, preview);
    }
    out.flush();
  }

  private void checkOutput(Path output, SaveMode mode, Configuration hadoop) throws IOException {
    if (mode == SaveMode.ERROR && output.getFileSystem(hadoop).exists(output)) {
      throw new IllegalArgumentException(
          "output: %s exists. Use another, or --mode overwrite or append.".formatted(output));
    }
  }

  private void checkColumns(Dataset<Row> rows, String textCol) {
    if (!List.of(rows.columns()).contains(textCol)) {
      throw new IllegalArgumentException(
          "text-col: no column '%s' in the input; it has %s. Name the column of texts with --text-col."
              .formatted(textCol, String.join(", ", rows.columns())));
    }
    if (settings.isSet(EmbedSettings.ID_COL) && idColumn(rows) == null) {
      throw new IllegalArgumentException(
          "id-col: no column '%s' in the input; it has %s."
              .formatted(settings.get(EmbedSettings.ID_COL), String.join(", ", rows.columns())));
    }
  }

  /** The column that identifies rows, or null if there is none. */
  private String idColumn(Dataset<Row> rows) {
    String wanted = settings.get(EmbedSettings.ID_COL, "id");
    return List.of(rows.columns()).contains(wanted) ? wanted : null;
  }

  private Dataset<Row> spread(Dataset<Row> rows, EmbedderConfig config, InputFormat format) {
    int wanted = settings.get(EmbedSettings.PARTITIONS);
    return wanted > 0
        ? rows.repartition(wanted)
        : AutoPartitions.spread(
            rows,
            settings.get(EmbedSettings.TEXT_COL),
            config,
            format.columnar(),
            gpuStage().isPresent());
  }

  private Optional<GpuStage> gpuStage() {
    int tasksPerGpu = settings.get(EmbedSettings.GPU_STAGE);
    return tasksPerGpu == 0
        ? Optional.empty()
        : Optional.of(new GpuStage(tasksPerGpu, settings.get(EmbedSettings.GPU_SCRIPT)));
  }

  /** Random rows, the same ones each time for the same input. */
  private Dataset<Row> calibrationSample(Dataset<Row> rows) {
    int wanted = settings.get(EmbedSettings.CALIBRATION_ROWS);
    long count = rows.count();
    // Somewhat more than wanted is drawn, so that chance does not leave too few.
    double fraction = Math.min(1, 1.2 * wanted / Math.max(1, count));
    // Taking so many rows leaves them in one split, which would leave cores idle.
    return rows.sample(fraction, 1).limit(wanted).repartition(2 * Slots.of(spark.sparkContext()));
  }

  /** Counts what is written where it is written: a task that is run twice counts once. */
  private Dataset<Row> observeResult(Dataset<Row> rows, Observation observation) {
    TreeMap<String, Column> counts = new TreeMap<>();
    for (Status status : Status.values()) {
      counts.put(status.name(), functions.count(functions.when(isStatus(status), 1)));
    }
    counts.put("truncated", functions.count(functions.when(account("truncated"), 1)));
    counts.put("tokens", zeroIfEmpty(account("tokens_used")));
    counts.put("allTokens", zeroIfEmpty(account("token_count")));
    return rows.observe(
        observation,
        functions.count(functions.lit(1)).as(ROWS),
        counts.entrySet().stream().map(e -> e.getValue().as(e.getKey())).toArray(Column[]::new));
  }

  private Column account(String name) {
    return functions.col("`" + settings.get(EmbedSettings.ACCOUNT_PREFIX) + name + "`");
  }

  /** {@link Status#isOf} as a column: a reason may follow. */
  private Column isStatus(Status status) {
    Column written = account("status");
    return written.equalTo(status.name()).or(written.startsWith(status.name() + ": "));
  }

  private Column zeroIfEmpty(Column column) {
    return functions.coalesce(functions.sum(column), functions.lit(0L));
  }

  private static long count(Observation observation) throws InterruptedException {
    Map<String, Object> values = observation.getAsJava();
    return (Long) values.get(ROWS);
  }

  static org.apache.spark.sql.SaveMode sparkMode(SaveMode mode) {
    return switch (mode) {
      case ERROR -> org.apache.spark.sql.SaveMode.ErrorIfExists;
      case OVERWRITE -> org.apache.spark.sql.SaveMode.Overwrite;
      case APPEND -> org.apache.spark.sql.SaveMode.Append;
    };
  }

  /** Rows in = rows embedded = rows that a reader finds. */
  private void verify(RunSummary summary, Path output, SaveMode mode) {
    long found =
        mode == SaveMode.APPEND ? summary.rows() : spark.read().parquet(output.toString()).count();
    if (summary.rowsRead() != summary.rows() || found != summary.rows()) {
      throw new IllegalStateException(
          "%d rows were read, %d embedded, and %d are in %s; these must be equal."
              .formatted(summary.rowsRead(), summary.rows(), found, output));
    }
  }
}
