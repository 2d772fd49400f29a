package io.embark.job;

import io.embark.job.EmbedSettings.Dedupe;
import io.embark.spark.EmbeddingMetrics;
import io.embark.spark.TextEmbedder;
import io.embark.spark.VectorParquet;
import io.embark.table.Slices;
import io.embark.table.StagedRun;
import io.embark.table.Staging;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
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

  /** A task with fewer rows than this is not worth a file of its own. */
  private static final long LEAST_ROWS = 256;

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
  private final Map<String, String> writeOptions;

  /**
   * @param idCol the column that identifies a row, or null
   * @param schema of the rows to write
   */
  TableRun(
      SparkSession spark,
      JobSettings settings,
      TextEmbedder embedder,
      Staging staging,
      String idCol,
      StructType schema) {
    this.spark = spark;
    this.settings = settings;
    this.embedder = embedder;
    this.staging = staging;
    this.textCol = settings.get(EmbedSettings.TEXT_COL);
    this.idCol = idCol;
    this.schema = schema;
    this.writeOptions = VectorParquet.options(schema);
  }

  /**
   * What was staged.
   *
   * @param summary of the embedded rows
   * @param rowsOf rows of each staged file, by its path below the staging directory
   * @param slices how many there were
   * @param resumedSlices how many of them an earlier attempt had done
   * @param texts that went to the model or were found blank: fewer than rows after a global dedupe
   */
  record Staged(
      RunSummary summary, Map<String, Long> rowsOf, int slices, int resumedSlices, long texts) {}

  /**
   * Embeds.
   *
   * @param count tells how many rows there are; asked only when no earlier attempt counted them
   */
  Staged embed(Dataset<Row> rows, Supplier<Long> count) throws IOException {
    Optional<GlobalDedupe> dedupe =
        settings.get(EmbedSettings.DEDUPE) == Dedupe.GLOBAL
            ? Optional.of(new GlobalDedupe(textCol))
            : Optional.empty();
    Dataset<Row> items = dedupe.map(d -> d.texts(rows)).orElse(rows);
    Optional<StagedRun> begun = staging.begun();
    StagedRun run = begun.isPresent() ? begun.get() : begin(rows, items, count, dedupe);
    Set<Integer> done = staging.done();
    StructType sliceSchema = embedder.transformSchema(items.schema());
    long resumed = done.isEmpty() ? 0 : spark.read().parquet(staging.slices()).count();
    if (!done.isEmpty()) {
      LOG.info(
          "Going on where an earlier attempt ended: {} of {} slices with {} rows are done",
          done.size(),
          run.slices(),
          resumed);
    }

    EmbeddingMetrics metrics = embedder.metrics(spark);
    long working = System.nanoTime();
    if (done.size() < run.slices()) {
      Slices slices = Slices.of(run.slices(), items.schema(), dedupe.isPresent() ? null : idCol);
      Dataset<Row> embedded =
          RunFooter.mark(embedder.transform(slices.undone(items, done)), staging.key());
      Progress.during(
          spark.sparkContext(), () -> Slices.write(embedded, staging.slices(), writeOptions));
    }
    double seconds = (System.nanoTime() - working) / 1e9;

    String part = SLICES;
    long texts = -1;
    if (dedupe.isPresent()) {
      part = JOINED;
      Dataset<Row> once = spark.read().schema(sliceSchema).parquet(staging.slices());
      texts = once.count();
      write(RunFooter.mark(dedupe.get().join(rows, once, schema), staging.key()), part);
    }
    StagedCounts counts = counts(part);
    RunSummary summary = RunSummary.of(run.rows(), counts.totals(), metrics, seconds, resumed);
    if (summary.rowsRead() != summary.rows()) {
      throw new IllegalStateException(
          "%d rows were to be embedded, and %d were, in %s; these must be equal. Was the input changed meanwhile?"
              .formatted(summary.rowsRead(), summary.rows(), staging.part(part)));
    }
    return new Staged(
        summary,
        below(part, counts.rowsOf()),
        run.slices(),
        done.size(),
        texts < 0 ? summary.rows() : texts);
  }

  private StagedRun begin(
      Dataset<Row> rows, Dataset<Row> items, Supplier<Long> count, Optional<GlobalDedupe> dedupe)
      throws IOException {
    long all = count.get();
    long work = dedupe.isPresent() ? items.count() : all;
    return staging.begin(all, slices(work), int8Ranges());
  }

  private double[][] int8Ranges() {
    return embedder.isDefined(embedder.int8Ranges())
        ? embedder.getOrDefault(embedder.int8Ranges())
        : new double[0][];
  }

  private int slices(long rows) {
    int wanted = settings.get(EmbedSettings.PARTITIONS);
    if (wanted > 0) {
      return wanted;
    }
    long byCommit = ceil(rows, settings.get(EmbedSettings.COMMIT_ROWS));
    long toKeepCoresBusy =
        Math.min(2L * spark.sparkContext().defaultParallelism(), ceil(rows, LEAST_ROWS));
    return (int) Math.min(1_000_000, Math.max(1, Math.max(byCommit, toKeepCoresBusy)));
  }

  private static long ceil(long rows, long each) {
    return (rows + each - 1) / each;
  }

  /** Rows of an input; the texts are read, so that lines that hold no row do not count. */
  Long count(Dataset<Row> rows) {
    return rows.agg(
            functions.count(functions.lit(1)),
            functions.count(functions.col("`" + textCol.replace("`", "``") + "`")))
        .head()
        .getLong(0);
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
    if (plan.rewrittenRows() >= 0 && plan.rewrittenRows() != counts.rows()) {
      throw new IllegalStateException(
          "%d rows were to be carried over, and %d were, to %s; these must be equal."
              .formatted(plan.rewrittenRows(), counts.rows(), staging.part(REWRITTEN)));
    }
    return below(REWRITTEN, counts.rowsOf());
  }

  private void write(Dataset<Row> rows, String part) {
    rows.write().mode("overwrite").options(writeOptions).parquet(staging.part(part));
  }

  private StagedCounts counts(String part) {
    return StagedCounts.of(
        spark, staging.part(part), schema, settings.get(EmbedSettings.ACCOUNT_PREFIX));
  }

  private Map<String, Long> below(String part, Map<String, Long> rowsOf) throws IOException {
    Map<String, Long> paths = new TreeMap<>();
    if (rowsOf.isEmpty()) {
      // A file without rows still tells readers the columns.
      paths.put(part + "/" + staging.firstFile(part), 0L);
    }
    rowsOf.forEach((name, rows) -> paths.put(part + "/" + name, rows));
    return paths;
  }
}
