package io.embark.cli.embed;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.OutputType;
import io.embark.spark.executor.ExecutorSettings;
import io.embark.spark.executor.ModelFacts;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.RowOrdering;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;

/** One run of the {@code embed} job in a session. */
public final class EmbedRun {
  private static final String SAMPLE_OUTPUT = "embark-output/sample";

  private final PrintWriter out;
  private final SparkSession spark;
  private final JobSettings settings;
  private final boolean sample;

  /**
   * Prepares it; nothing is read yet.
   *
   * @param settings flags and file, those of the embedder among them
   * @param out for people to read
   */
  public EmbedRun(SparkSession spark, JobSettings settings, PrintWriter out) {
    this.out = out;
    this.spark = spark;
    this.settings = settings;
    this.sample = !settings.isSet(EmbedSettings.INPUT);
  }

  /**
   * Embeds and publishes.
   *
   * @return the exit code, 0 or {@link ExitCode#PARTIAL}
   * @throws UserError if a setting or the input is not as it must be
   * @throws QualityGate.Failed if rows are not good enough to be published
   */
  public int call() throws IOException, InterruptedException {
    long start = System.nanoTime();
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    String textCol = settings.get(EmbedSettings.TEXT_COL);
    Optional<CatalogTable> catalogTable =
        settings.isSet(EmbedSettings.TABLE)
            ? Optional.of(new CatalogTable(spark, settings.get(EmbedSettings.TABLE)))
            : Optional.empty();
    catalogTable.ifPresent(t -> CatalogUpdate.require(settings, t));
    Path output = JobSettings.path("output", settings.get(EmbedSettings.OUTPUT, SAMPLE_OUTPUT));
    SaveMode mode = settings.get(EmbedSettings.MODE, sample ? SaveMode.OVERWRITE : SaveMode.ERROR);
    TableDirectory table = TableDirectory.at(output, hadoop);
    OutputTable target = new OutputTable(spark, table, mode);
    if (catalogTable.isEmpty() && !Staging.unfinishedPublication(table)) {
      target.requireMode();
    }
    // The executors', checked here.
    ExecutorSettings.of(spark.sparkContext().getConf());
    TableRun.gpuStage(settings).ifPresent(s -> s.require(spark.sparkContext().getConf()));

    TextInput input =
        TextInput.of(
            sample ? Sample.file() : settings.get(EmbedSettings.INPUT),
            settings.get(EmbedSettings.FORMAT, null),
            settings.get(EmbedSettings.READ_OPTION, null),
            hadoop);
    if (catalogTable.isEmpty()) {
      input.requireOutside(table.path());
    }
    Dataset<Row> rows = input.read(spark, textCol);
    checkColumns(rows, textCol, mode);
    TextEmbedder embedder =
        new TextEmbedder()
            .setConfig(settings.embedderConfig())
            .setInputCol(textCol)
            .setOutputCol(settings.get(EmbedSettings.OUTPUT_COL))
            .setAccountPrefix(settings.get(EmbedSettings.ACCOUNT_PREFIX))
            .setOutputType(settings.get(EmbedSettings.OUTPUT_TYPE).label());
    ChunkedOutput chunked = ChunkedOutput.of(settings);
    chunked.set(embedder);
    chunked.requireRowsPerId(mode);
    if (settings.get(EmbedSettings.OUTPUT_TYPE) != OutputType.INT8) {
      // Whatever is wrong shows here, before anything is locked.
      embedder.transformSchema(rows.schema());
    }
    ModelFacts facts = ModelFacts.of(settings.embedderConfig());
    PostMaps.require(settings, facts);
    Path written = catalogTable.map(t -> new Path(t.name())).orElse(table.path());
    EffectiveSettings.print(out, settings, facts, embedder.vectorColumns(), input, written, mode);
    spark.sparkContext().setJobDescription("Embark: embed " + String.join(", ", input.paths()));

    if (catalogTable.isPresent()) {
      return report(
          new CatalogUpdate(
                  spark,
                  settings,
                  out,
                  catalogTable.get(),
                  input,
                  rows,
                  idColumn(rows),
                  embedder,
                  facts)
              .call(),
          written,
          start);
    }
    Duration patience = Duration.ofSeconds(settings.get(EmbedSettings.WAIT_FOR_LOCK));
    int exitCode;
    try (TableLock lock = TableLock.take(table, spark.sparkContext().applicationId(), patience)) {
      List<Staging.Recovered> recovered = Staging.recover(table);
      TableUpdate update =
          new TableUpdate(
              spark,
              settings,
              out,
              lock,
              target,
              input,
              rows,
              idColumn(rows),
              embedder,
              facts,
              wanted -> sample(rows, wanted));
      Optional<Staging.Recovered> own = update.ownOf(recovered);
      if (own.isPresent()) {
        return reportRecovered(own.get(), written);
      }
      Optional<RunSummary> summary = update.call();
      exitCode = report(summary, written, start);
      if (summary.isEmpty()) {
        return exitCode;
      }
    }
    int preview = settings.get(EmbedSettings.PREVIEW);
    if (preview > 0) {
      new Preview(
              spark,
              out,
              textCol,
              idColumn(rows),
              embedder.vectorColumns().get(0),
              settings.get(EmbedSettings.ACCOUNT_PREFIX))
          .print(table.path(), table.current().orElseThrow().structType(), preview);
    }
    out.flush();
    return exitCode;
  }

  private int report(Optional<RunSummary> summary, Path output, long start) {
    if (summary.isEmpty()) {
      out.println("Nothing to do: " + output + " is up to date.");
      out.flush();
      return 0;
    }
    summary.get().print(out, output, (System.nanoTime() - start) / 1e9);
    out.flush();
    return QualityGate.failedRows(summary.get()) > 0 ? ExitCode.PARTIAL : 0;
  }

  private int reportRecovered(Staging.Recovered recovered, Path output) {
    JsonNode result = recovered.manifest().path("result");
    out.printf(
        "Nothing to do: an earlier attempt of this run died while it published; version %d of %s with %,d rows is finished now.%n",
        recovered.snapshot().id(), output, result.path("rows").asLong());
    out.flush();
    return RunManifest.failedRows(result) > 0 ? ExitCode.PARTIAL : 0;
  }

  private void checkColumns(Dataset<Row> rows, String textCol, SaveMode mode) {
    if (mode == SaveMode.INCREMENTAL && !settings.isSet(EmbedSettings.ID_COL)) {
      throw new UserError(
          "id-col: missing; an incremental run needs it to tell rows apart. The input has %s."
              .formatted(String.join(", ", rows.columns())));
    }
    if (!List.of(rows.columns()).contains(textCol)) {
      throw new UserError(
          "text-col: no column '%s' in the input; it has %s. Name the column of texts with --text-col."
              .formatted(textCol, String.join(", ", rows.columns())));
    }
    DataType texts = rows.schema().apply(textCol).dataType();
    if (!(texts instanceof StringType)) {
      throw new UserError(
          "text-col: column '%s' holds %s; wanted texts (string). Name another with --text-col, or cast it first."
              .formatted(textCol, texts.simpleString()));
    }
    if (settings.isSet(EmbedSettings.ID_COL) && idColumn(rows) == null) {
      throw new UserError(
          "id-col: no column '%s' in the input; it has %s."
              .formatted(settings.get(EmbedSettings.ID_COL), String.join(", ", rows.columns())));
    }
    if (mode == SaveMode.INCREMENTAL) {
      DataType ids = rows.schema().apply(idColumn(rows)).dataType();
      if (!RowOrdering.isOrderable(ids)) {
        throw new UserError(
            "id-col: column '%s' holds %s, whose values cannot be compared; wanted numbers or strings."
                .formatted(idColumn(rows), ids.simpleString()));
      }
    }
  }

  /** The column that identifies rows, or null if there is none. */
  private String idColumn(Dataset<Row> rows) {
    String wanted = settings.get(EmbedSettings.ID_COL, "id");
    return List.of(rows.columns()).contains(wanted) ? wanted : null;
  }

  /**
   * Random rows, the same ones each time for the same input.
   *
   * @param wanted how many; 0 for all
   */
  private Dataset<Row> sample(Dataset<Row> rows, int wanted) {
    int tasks = 2 * Slots.of(spark.sparkContext());
    if (wanted == 0) {
      return rows.repartition(Math.max(tasks, rows.rdd().getNumPartitions()));
    }
    long count = rows.count();
    // Somewhat more than wanted is drawn, so that chance does not leave too few.
    double fraction = Math.min(1, 1.2 * wanted / Math.max(1, count));
    // Taking so many rows leaves them in one split, which would leave cores idle.
    return rows.sample(fraction, 1).limit(wanted).repartition(tasks);
  }
}
