package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.embed.CatalogTable.Change;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.spark.column.Columns;
import io.embark.spark.column.OutputType;
import io.embark.spark.path.ExactFiles;
import io.embark.table.Changes;
import io.embark.table.Changes.Kind;
import io.embark.table.StagedRun;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
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
  private Changes changes;

  CatalogPublisher(SparkSession spark, JobSettings settings) {
    this.spark = spark;
    this.table = new CatalogTable(spark, settings.get(EmbedSettings.TABLE));
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

  @Override
  public long current() {
    return table.snapshot();
  }

  @Override
  public EmbedPlan settle(EmbedPlan plan, Optional<StagedRun> begun) throws IOException {
    StructType schema = table.schema();
    StructType rows = plan.embedder().transformSchema(plan.rows().schema());
    AppendCheck.require(table.directory().path(), schema, rows);
    return plan.on(schema, plan.embedder(), List.of());
  }

  @Override
  public Work work(EmbedPlan plan) {
    changes = plan.changes(table.rows(), functions.lit(""));
    long toEmbed = changes.toEmbed();
    long others = changes.count(Kind.UPDATED) + (sync ? changes.count(Kind.GONE) : 0);
    return new Work(
        changes.rowsToEmbed(plan.rows()),
        toEmbed,
        Optional.of(changes.inWords()),
        toEmbed + others == 0);
  }

  @Override
  public void publish(EmbedPlan plan, TableRun run, TableRun.Staged staged, TableLock lock)
      throws IOException {
    lock.requireHeld();
    String change = Columns.free("change", plan.schema().fieldNames());
    table.merge(
        source(plan, run, staged, change), change, plan.idCol(), List.of(plan.rows().columns()));
    table
        .directory()
        .addRun(
            RunManifest.fileName(spark),
            RunManifest.of(plan, run.staging().key(), table.snapshot(), staged));
    run.staging().clear();
  }

  private Dataset<Row> source(EmbedPlan plan, TableRun run, TableRun.Staged staged, String change) {
    // The files that were counted: an executor of a killed driver may be finishing another.
    List<Path> files =
        staged.rowsOf().keySet().stream().map(run.staging()::part).map(Path::new).toList();
    Dataset<Row> embedded = ExactFiles.parquet(spark, plan.schema(), files);
    Dataset<Row> updated = changes.of(plan.rows(), Kind.UPDATED);
    // Columns that rows do not have are null.
    Dataset<Row> all =
        marked(embedded, change, Change.PUT)
            .unionByName(marked(updated, change, Change.UPDATE), true);
    if (!sync) {
      return all;
    }
    Dataset<Row> ids = table.rows().select(Columns.of(plan.idCol()));
    return all.unionByName(marked(changes.of(ids, Kind.GONE), change, Change.DELETE), true);
  }

  private static Dataset<Row> marked(Dataset<Row> rows, String name, Change change) {
    return rows.withColumn(name, functions.lit(change.name()));
  }

  @Override
  public void close() {
    if (changes != null) {
      changes.close();
    }
  }
}
