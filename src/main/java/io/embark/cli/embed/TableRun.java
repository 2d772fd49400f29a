package io.embark.cli.embed;

import static org.apache.spark.sql.functions.*;

import io.embark.cli.Main;
import io.embark.cli.Slots;
import io.embark.cli.embed.EmbedSettings.Dedupe;
import io.embark.embed.ChunkMode;
import io.embark.embed.ChunkSettings;
import io.embark.embed.Setting;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.Columns;
import io.embark.spark.executor.CanaryWatch;
import io.embark.spark.parquet.RowCounter;
import io.embark.spark.parquet.RowTotals;
import io.embark.spark.parquet.VectorParquetFormat;
import io.embark.spark.path.ExactFiles;
import io.embark.table.Changes;
import io.embark.table.Slices;
import io.embark.table.StagedRun;
import io.embark.table.Staging;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Embeds rows into a staging directory, slice by slice, going on where an earlier attempt was
 * killed. Nothing of it is visible to readers.
 */
record TableRun(EmbedPlan plan, Staging staging) {
  private static final Logger LOG = LoggerFactory.getLogger(TableRun.class);

  private static final String SLICES = "slices";
  private static final String JOINED = "joined";
  private static final String REWRITTEN = "rewritten";

  /**
   * The result of staging.
   *
   * @param rowsOf rows of each staged file, by its path below the staging directory
   * @param resumedSlices slices that an earlier attempt had done
   * @param texts that went to the model or were found blank: fewer than rows after a global dedupe
   * @param invalidTexts rows whose text has U+FFFD in it, which stands for bytes that were no UTF-8
   */
  record Staged(
      RunSummary summary,
      Map<String, Long> rowsOf,
      Dataset<Row> rows,
      int slices,
      int resumedSlices,
      long texts,
      long invalidTexts) {}

  /** Rows, their estimated tokens, and whether a text has U+FFFD in it. */
  private record Measured(long rows, long tokens, boolean invalid) {}

  /** Embeds so many rows; -1 if they are to be counted. */
  Staged embed(Dataset<Row> rows, long counted) throws IOException {
    TextEmbedder embedder = plan.embedder();
    Dataset<Row> items = dedupe() ? rows.select(Columns.of(plan.textCol())).distinct() : rows;
    Optional<StagedRun> begun = staging.begun();
    Optional<Measured> measured =
        begun.isPresent() ? Optional.empty() : Optional.of(measure(items));
    StagedRun run = begun.isPresent() ? begun.get() : begin(rows, items, counted, measured.get());
    // Of these files only: an executor of a driver that was killed may just be finishing another.
    Map<Integer, RowTotals> resumable = resumable(staging.filesOf(staging.done()));
    Set<Integer> done = resumable.keySet();
    long resumed = RowTotals.sum(resumable.values()).rows();
    if (!done.isEmpty()) {
      LOG.info(
          "Going on where an earlier attempt ended: {} of {} slices with {} rows are done",
          done.size(),
          run.slices(),
          resumed);
    }
    Progress progress = embedSlices(items, run, done, resumed);
    String part = dedupe() ? JOINED : SLICES;
    long texts = -1;
    if (dedupe()) {
      StructType schema = embedder.transformSchema(items.schema());
      Dataset<Row> once =
          ExactFiles.parquet(plan.spark(), schema, List.of(new Path(staging.slices())));
      texts = once.count();
      write(marked(joined(rows, once)), part);
    }
    // By the footers: a task that was run twice counts once, and what an earlier attempt embedded
    // counts too.
    Map<String, RowTotals> files = totals(staging.files(part));
    RowTotals totals = RowTotals.sum(files.values());
    if (run.rows() != totals.documents()) {
      throw new IllegalStateException(
          "%d rows were to be embedded, and %d were, in %s; these must be equal. Was the input changed meanwhile?"
              .formatted(run.rows(), totals.documents(), staging.part(part)));
    }
    Dataset<Row> staged =
        ExactFiles.parquet(plan.spark(), plan.schema(), List.of(new Path(staging.part(part))));
    return new Staged(
        new RunSummary(
            totals,
            embedder.metrics(plan.spark()),
            progress.failedTasks(),
            progress.seconds(),
            resumed),
        rowsOf(part, files),
        staged,
        run.slices(),
        done.size(),
        texts < 0 ? totals.documents() : texts,
        // Not counted again where there are none.
        measured.filter(m -> !m.invalid()).isPresent() ? 0 : staged.where(invalid()).count());
  }

  /** An earlier attempt's slices, by their numbers; damaged ones are taken back. */
  private Map<Integer, RowTotals> resumable(List<FileStatus> slices) throws IOException {
    Map<String, RowTotals> found = new HashMap<>();
    try {
      found.putAll(totals(slices));
    } catch (IOException | RuntimeException atLeastOne) {
      for (FileStatus slice : slices) {
        try {
          found.putAll(totals(List.of(slice)));
        } catch (IOException | RuntimeException e) {
          LOG.warn(
              "Slice {} of an earlier attempt is damaged, and is embedded again: {}",
              slice.getPath(),
              e.getMessage());
          staging.redo(slice);
        }
      }
    }
    Map<Integer, RowTotals> resumable = new TreeMap<>();
    found.forEach((file, totals) -> resumable.put(Slices.numberOf(file), totals));
    return resumable;
  }

  /** Whether each text is embedded once, however many rows have it. */
  private boolean dedupe() {
    return plan.settings().get(EmbedSettings.DEDUPE) == Dedupe.GLOBAL;
  }

  private StagedRun begin(Dataset<Row> rows, Dataset<Row> items, long known, Measured measured)
      throws IOException {
    TextEmbedder embedder = plan.embedder();
    long all = known >= 0 ? known : items == rows ? measured.rows() : measure(rows).rows();
    double[][] int8Ranges =
        embedder.isDefined(embedder.int8Ranges())
            ? embedder.getOrDefault(embedder.int8Ranges())
            : new double[0][];
    int wanted = plan.settings().get(EmbedSettings.PARTITIONS);
    int slices = wanted > 0 ? wanted : slices(measured.rows(), measured.tokens());
    return staging.begin(all, slices, int8Ranges, plan.post());
  }

  private Column invalid() {
    return Columns.of(plan.textCol()).contains("\ufffd");
  }

  /** Texts are read, so that lines that hold no row do not count. */
  private Measured measure(Dataset<Row> rows) {
    Column tokens =
        TaskSize.estimatedTokens(
            Columns.of(plan.textCol()), plan.model().config().get(Setting.MAX_LENGTH));
    Column anyInvalid = coalesce(max(invalid()), lit(false));
    Row found = rows.agg(count(lit(1)), coalesce(sum(tokens), lit(0L)), anyInvalid).head();
    return new Measured(found.getLong(0), found.getLong(1), found.getBoolean(2));
  }

  private int slices(long rows, long tokens) {
    SparkContext context = plan.spark().sparkContext();
    long commitRows = plan.settings().get(EmbedSettings.COMMIT_ROWS);
    long byRows = (rows + commitRows - 1) / commitRows;
    int byTokens = TaskSize.of(context, plan.model().config()).tasks(tokens, Slots.of(context));
    int slices = (int) Math.min(1_000_000, Math.max(1, Math.max(byRows, byTokens)));
    LOG.info(
        "Slices: {} rows of about {} tokens are cut into {}, each a task and a file",
        rows,
        tokens,
        slices);
    return slices;
  }

  /** Embeds the slices that are not done; the progress that comes back is closed. */
  private Progress embedSlices(Dataset<Row> items, StagedRun run, Set<Integer> done, long resumed) {
    // Rows are texts after a dedupe, and chunks where texts are cut: more or fewer than rows here.
    boolean known = !dedupe() && plan.settings().get(ChunkSettings.CHUNK) == ChunkMode.NONE;
    SparkContext context = plan.spark().sparkContext();
    Progress progress =
        Progress.of(
            context,
            known ? run.rows() - resumed : -1,
            plan.settings().get(EmbedSettings.PROGRESS));
    RunGauges gauges = new RunGauges(progress, plan.embedder().metrics(plan.spark()));
    try (progress;
        gauges) {
      if (done.size() < run.slices()) {
        Dataset<Row> undone =
            Slices.undone(items, run.slices(), dedupe() ? null : plan.idCol(), done);
        Dataset<Row> embedded = marked(plan.embedder().transform(undone));
        Dataset<Row> placed =
            EmbedPlan.gpuStage(plan.settings())
                .map(stage -> stage.around(embedded))
                .orElse(embedded);
        CanaryWatch.on(context).during(() -> Slices.write(placed, staging.slices(), counting()));
      }
    }
    return progress;
  }

  /** Gives every row the vector of its text. */
  private Dataset<Row> joined(Dataset<Row> rows, Dataset<Row> once) {
    // The text comes first: all others were added to it.
    String[] names = once.columns();
    names[0] = Columns.free("text", plan.schema().fieldNames());
    Dataset<Row> byText = once.toDF(names);
    Column same = Columns.of(rows, plan.textCol()).eqNullSafe(Columns.of(byText, names[0]));
    return Changes.as(plan.schema(), rows.join(byText, same));
  }

  /**
   * Adds the run to what a vector column's metadata say. Spark writes them into the key-value
   * metadata of each Parquet file's footer, so that a file tells where it comes from even alone.
   */
  private Dataset<Row> marked(Dataset<Row> rows) {
    return Changes.as(
        ColumnProvenance.changed(
            rows.schema(),
            made -> made.with("run", staging.key()).with("embarkVersion", Main.version())),
        rows);
  }

  /** Writes what stays of files that go, and gives the rows of each staged file. */
  Map<String, Long> rewrite(IncrementalPlan changed) throws IOException {
    Optional<Dataset<Row>> rewritten = changed.rewritten();
    if (rewritten.isEmpty()) {
      return Map.of();
    }
    write(rewritten.get(), REWRITTEN);
    Map<String, RowTotals> files = totals(staging.files(REWRITTEN));
    long rows = RowTotals.sum(files.values()).rows();
    OptionalLong wanted = changed.rewrittenRows();
    if (wanted.isPresent() && wanted.getAsLong() != rows) {
      throw new IllegalStateException(
          "%d rows were to be carried over, and %d were, to %s; these must be equal."
              .formatted(wanted.getAsLong(), rows, staging.part(REWRITTEN)));
    }
    return rowsOf(REWRITTEN, files);
  }

  /** Asks for the lock around it: the run that took it over stages under the same names. */
  private void write(Dataset<Row> rows, String part) throws IOException {
    staging.requireHeld();
    rows.write()
        .mode("overwrite")
        .options(counting())
        .format(VectorParquetFormat.NAME)
        .save(staging.part(part));
    staging.requireHeld();
  }

  private Map<String, String> counting() {
    return RowCounter.options(plan.settings().get(ChunkSettings.CHUNK), plan.accountPrefix());
  }

  private Map<String, RowTotals> totals(List<FileStatus> files) throws IOException {
    return RowTotals.read(files, plan.spark().sparkContext().hadoopConfiguration());
  }

  private static Map<String, Long> rowsOf(String part, Map<String, RowTotals> files) {
    Map<String, Long> rowsOf = new TreeMap<>();
    files.forEach((name, totals) -> rowsOf.put(part + "/" + name, totals.rows()));
    return rowsOf;
  }
}
