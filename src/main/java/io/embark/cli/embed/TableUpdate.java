package io.embark.cli.embed;

import io.embark.cli.JobSettings;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.spark.TextEmbedder;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.OutputType;
import io.embark.spark.executor.ModelFacts;
import io.embark.table.Changes;
import io.embark.table.DataFile;
import io.embark.table.KeptMaps;
import io.embark.table.Snapshot;
import io.embark.table.StagedRun;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Takes a table of Parquet files from one version to the next: embeds what the mode asks for,
 * judges it, publishes it.
 *
 * @param lock held as long as this works
 * @param rows the whole input
 * @param idCol the column that identifies a row, or null
 * @param sample gives about so many rows of the input, 0 for all
 */
record TableUpdate(
    SparkSession spark,
    JobSettings settings,
    PrintWriter out,
    TableLock lock,
    OutputTable output,
    TextInput input,
    Dataset<Row> rows,
    String idCol,
    TextEmbedder embedder,
    ModelFacts facts,
    IntFunction<Dataset<Row>> sample) {

  /** What the next version is made of. */
  private record Parts(
      TableRun.Staged staged,
      Map<String, Long> rowsOf,
      List<DataFile> kept,
      List<String> superseded) {}

  /**
   * Which of the versions that were published for runs that had died this run was to make: one of
   * the same input, settings and mode, begun on the version before.
   */
  Optional<Staging.Recovered> ownOf(List<Staging.Recovered> recovered) {
    return recovered.stream()
        .filter(r -> Staging.key(facts(r.snapshot().id() - 1)).equals(r.snapshot().run()))
        .findFirst();
  }

  private Map<String, String> facts(long base) {
    return RunFacts.of(settings, facts, input, rows.schema(), output.mode().label(), base);
  }

  /**
   * Does it.
   *
   * @return what was embedded; empty if there was nothing to do
   */
  Optional<RunSummary> call() throws IOException {
    output.requireMode();
    TableDirectory table = output.directory();
    Optional<Snapshot> base = output.base();
    long id = table.current().map(s -> s.id() + 1).orElse(1L);
    Staging staging = Staging.of(table, facts(id - 1));
    List<String> post =
        new PostMaps(spark, settings, table, embedder, sample).settle(staging.begun(), base);
    setInt8Ranges(staging.begun(), base);
    StructType schema = embedder.transformSchema(rows.schema());
    if (base.isPresent()) {
      AppendCheck.require(table.path(), base.get().structType(), schema);
      schema = base.get().structType();
    }
    TableRun run = new TableRun(spark, settings, embedder, staging, idCol, schema, post);

    if (output.mode() != SaveMode.INCREMENTAL || base.isEmpty()) {
      return Optional.of(publish(whole(run, base), staging, schema, id, post));
    }
    try (IncrementalPlan plan = plan(base.get())) {
      out.println("Compared with the table: " + plan.changes().inWords() + ".");
      if (plan.isEmpty()) {
        staging.clear();
        return Optional.empty();
      }
      TableRun.Staged staged = run.embed(plan.rows(), plan.toEmbed());
      Map<String, Long> rowsOf = new TreeMap<>(staged.rowsOf());
      rowsOf.putAll(run.rewrite(plan));
      Parts parts =
          new Parts(
              staged, rowsOf, plan.kept(), plan.superseded().stream().map(DataFile::name).toList());
      return Optional.of(publish(parts, staging, schema, id, post));
    }
  }

  /** Ranges belong to a table: those it has count, or else those of the attempt gone on with. */
  private void setInt8Ranges(Optional<StagedRun> begun, Optional<Snapshot> base) {
    if (settings.get(EmbedSettings.OUTPUT_TYPE) != OutputType.INT8) {
      return;
    }
    Optional<double[][]> ranges =
        base.flatMap(s -> VectorColumn.int8Ranges(s.structType(), embedder.vectorColumns()));
    if (ranges.isPresent()) {
      embedder.setInt8Ranges(ranges.get());
    } else if (begun.isPresent()) {
      embedder.setInt8Ranges(begun.get().int8Ranges());
    } else {
      embedder.calibrate(sample.apply(settings.get(EmbedSettings.CALIBRATION_ROWS)));
    }
  }

  private Parts whole(TableRun run, Optional<Snapshot> base) throws IOException {
    if (output.mode() == SaveMode.INCREMENTAL) {
      Changes.requireUniqueIds(rows, idCol);
    }
    TableRun.Staged staged = run.embed(rows, -1);
    return new Parts(
        staged,
        staged.rowsOf(),
        base.map(Snapshot::files).orElse(List.of()),
        output.mode() == SaveMode.OVERWRITE
            ? new ArrayList<>(output.directory().visible().keySet())
            : List.of());
  }

  private IncrementalPlan plan(Snapshot base) {
    return IncrementalPlan.of(
        spark,
        rows,
        output.directory(),
        base,
        idCol,
        settings.get(EmbedSettings.TEXT_COL),
        EmbedSettings.retried(settings),
        settings.get(EmbedSettings.SYNC_DELETES),
        settings.get(EmbedSettings.COMMIT_ROWS));
  }

  private RunSummary publish(
      Parts parts, Staging staging, StructType schema, long id, List<String> post)
      throws IOException {
    RunSummary summary = parts.staged().summary();
    QualityGate.require(settings, summary, parts.staged().worst());
    String mode = output.mode().label();
    Snapshot draft =
        new Snapshot(
            Snapshot.FORMAT,
            id,
            staging.key(),
            mode,
            Instant.now().toString(),
            schema.json(),
            List.of());
    staging.publish(
        lock,
        draft,
        parts.kept(),
        parts.superseded(),
        parts.rowsOf(),
        RunManifest.fileName(spark),
        RunManifest.of(
            spark, settings, facts, input, staging.key(), mode, id, schema, parts.staged()));
    new KeptMaps(output.directory()).retain(post);
    int resumed = parts.staged().resumedSlices();
    if (resumed > 0) {
      out.printf(
          "Went on where an earlier attempt ended: %,d of %,d slices with %,d rows were done.%n",
          resumed, parts.staged().slices(), summary.resumed());
    }
    long saved = summary.documents() - parts.staged().texts();
    if (saved > 0) {
      out.printf("%,d rows share the vector of another row with the same text.%n", saved);
    }
    return summary;
  }
}
