package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.spark.column.Columns;
import io.embark.spark.column.OutputType;
import io.embark.spark.path.ExactFiles;
import io.embark.table.Changes;
import io.embark.table.Changes.Kind;
import io.embark.table.StagedRun;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/** Publishes to an Iceberg table, in incremental runs, by one {@code MERGE INTO}. */
final class CatalogPublisher implements Publisher {
  private final SparkSession spark;
  private final CatalogTable table;
  private final boolean sync;

  /** The snapshot that the input is compared with. */
  private long base;

  private Changes changes;

  CatalogPublisher(SparkSession spark, JobSettings settings) {
    this.spark = spark;
    this.table = CatalogTable.of(spark, settings.get(EmbedSettings.TABLE));
    this.sync = settings.get(EmbedSettings.SYNC_DELETES);
    table.requireRuntime();
    OutputType type = settings.get(EmbedSettings.OUTPUT_TYPE);
    if (type == OutputType.VECTOR || type == OutputType.INT8) {
      throw new UserError(
          "output-type: a catalog's table does not hold %s; give --output-type float, float16-bits or binary."
              .formatted(type.label()));
    }
    if (settings.get(EmbedSettings.MODE) != SaveMode.INCREMENTAL) {
      throw new UserError(
          "mode: a catalog's table is written with --mode incremental only; an empty or new table"
              + " is filled by it too.");
    }
  }

  @Override
  public Path name() {
    return new Path(table.name());
  }

  @Override
  public TableDirectory open(EmbedPlan plan) throws IOException {
    if (!table.exists()) {
      Changes.requireUniqueIds(plan.rows(), "the input", plan.idCol());
      table.create(plan.embedder().transformSchema(plan.rows().schema()));
    }
    return table.directory();
  }

  /** A run that is gone on with has compared the input with the snapshot that was there then. */
  @Override
  public Optional<Earlier> recover(EmbedPlan plan, TableLock lock) throws IOException {
    base = table.snapshot();
    for (StagedRun begun : StagedRun.all(table.directory())) {
      long then = RunFacts.base(begun.facts());
      if (begun.key().equals(Staging.key(RunFacts.of(plan, then)))
          && table.keeps(then)
          && !isWrittenByBroken(then, lock)) {
        base = then;
      }
    }
    return Optional.empty();
  }

  /** Whether the run that this one took the lock from has committed since a snapshot. */
  private boolean isWrittenByBroken(long snapshot, TableLock lock) {
    return lock.brokenApplication().filter(app -> table.isWrittenSince(snapshot, app)).isPresent();
  }

  @Override
  public long current() {
    return base;
  }

  @Override
  public EmbedPlan settle(EmbedPlan plan, Optional<StagedRun> begun) throws IOException {
    StructType rows = plan.embedder().transformSchema(plan.rows().schema());
    StructType schema = AppendCheck.require(plan, name(), table.schema(), rows);
    table.requireRoom(schema);
    return plan.on(schema, plan.embedder(), List.of());
  }

  @Override
  public Work work(EmbedPlan plan) {
    changes = plan.changes(compared(plan), functions.lit(""));
    long toEmbed = changes.toEmbed();
    long others = changes.count(Kind.UPDATED) + (sync ? changes.count(Kind.GONE) : 0);
    boolean evolves = !plan.schema().equals(table.schema());
    return new Work(
        changes.rowsToEmbed(plan.rows()),
        toEmbed,
        Optional.of(changes.inWords()),
        toEmbed + others == 0 && !evolves);
  }

  /** The table's rows; columns that it is only to get are null. */
  private Dataset<Row> compared(EmbedPlan plan) {
    Dataset<Row> rows = table.rows(base);
    Set<String> present = Set.of(rows.columns());
    return rows.select(
        Stream.of(plan.schema().fields())
            .map(
                f ->
                    present.contains(f.name())
                        ? Columns.of(f.name())
                        : functions.lit(null).cast(f.dataType()).as(f.name()))
            .toArray(Column[]::new));
  }

  @Override
  public void publish(EmbedPlan plan, TableRun run, TableRun.Staged staged, TableLock lock)
      throws IOException {
    // The files that were counted: an executor of a killed driver may be finishing another.
    List<Path> files =
        staged.rowsOf().keySet().stream().map(run.staging()::part).map(Path::new).toList();
    Dataset<Row> embedded = ExactFiles.parquet(spark, plan.schema(), files);
    Dataset<Row> updated = changes.of(plan.rows(), Kind.UPDATED);
    CatalogMerge merge =
        new CatalogMerge(
            table,
            List.of(plan.schema().fieldNames()),
            List.of(plan.rows().columns()),
            plan.idCol(),
            plan.textCol());
    lock.requireHeld();
    table.evolve(plan.schema());
    merge.commit(merge.source(changes, embedded, updated, sync), base, lock);
    // A run that slept while it committed has not asked for its lock again: what it wrote is older
    // than this input, and was taken for somebody's newer rows.
    if (isWrittenByBroken(base, lock)) {
      run.staging().clear();
      throw new IOException(
          "%s was written, while this run worked, by a run that had lost its lock (Spark application %s); rows that both changed are left as that run wrote them. Run the same command again: it compares them anew."
              .formatted(table.name(), lock.brokenApplication().orElseThrow()));
    }
    long snapshot = table.snapshot();
    table
        .directory()
        .addRun(
            RunManifest.fileName(spark, snapshot),
            RunManifest.of(plan, run.staging().key(), snapshot, staged));
    run.staging().clear();
  }

  @Override
  public void close() {
    if (changes != null) {
      changes.close();
    }
  }
}
