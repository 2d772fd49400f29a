package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.Columns;
import io.embark.spark.column.OutputType;
import io.embark.spark.executor.ModelFacts;
import io.embark.table.Changes;
import io.embark.table.Changes.Kind;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import io.embark.table.TableLock;
import io.embark.table.TableRecords;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * An incremental run on an Iceberg table: the same comparison and the same slices as on Parquet,
 * published by one {@code MERGE INTO}.
 *
 * @param rows the whole input
 * @param idCol the column that identifies a row
 */
record CatalogUpdate(
    SparkSession spark,
    JobSettings settings,
    PrintWriter out,
    CatalogTable table,
    TextInput input,
    Dataset<Row> rows,
    String idCol,
    TextEmbedder embedder,
    ModelFacts facts) {

  /**
   * Refuses what a catalog's table cannot do.
   *
   * @throws UserError with the way out
   */
  static void require(JobSettings settings, CatalogTable table) {
    table.requireRuntime();
    OutputType type = settings.get(EmbedSettings.OUTPUT_TYPE);
    if (type == OutputType.VECTOR || type == OutputType.INT8) {
      throw new UserError(
          "output-type: a catalog's table does not hold %s; give --output-type float, float16-bits or binary."
              .formatted(type.label()));
    }
    if (settings.get(EmbedSettings.MODE) != EmbedSettings.SaveMode.INCREMENTAL) {
      throw new UserError(
          "mode: a catalog's table is written with --mode incremental only; an empty or new table is filled by it too.");
    }
  }

  /**
   * Does it.
   *
   * @return what was embedded; empty if there was nothing to do
   */
  Optional<RunSummary> call() throws IOException, InterruptedException {
    StructType schema = embedder.transformSchema(rows.schema());
    if (!table.exists()) {
      Changes.requireUniqueIds(rows, idCol);
      table.create(schema);
    }
    TableDirectory directory = table.directory();
    AppendCheck.require(directory.path(), table.schema(), schema);
    Duration patience = Duration.ofSeconds(settings.get(EmbedSettings.WAIT_FOR_LOCK));
    try (TableLock lock =
        TableLock.take(directory, spark.sparkContext().applicationId(), patience)) {
      return update(directory, lock, table.schema());
    }
  }

  private Optional<RunSummary> update(TableDirectory directory, TableLock lock, StructType schema)
      throws IOException {
    Staging staging =
        Staging.of(
            directory,
            RunFacts.of(settings, facts, input, rows.schema(), "incremental", table.snapshot()));
    boolean sync = settings.get(EmbedSettings.SYNC_DELETES);
    try (Changes changes =
        Changes.between(
            rows,
            table.rows(),
            null,
            EmbedSettings.retried(settings),
            idCol,
            settings.get(EmbedSettings.TEXT_COL))) {
      out.println("Compared with the table: " + changes.inWords() + ".");
      long toEmbed = changes.toEmbed();
      long others = changes.count(Kind.UPDATED) + (sync ? changes.count(Kind.GONE) : 0);
      if (toEmbed + others == 0) {
        staging.clear();
        return Optional.empty();
      }
      TableRun run = new TableRun(spark, settings, embedder, staging, idCol, schema, List.of());
      TableRun.Staged staged = run.embed(changes.rowsToEmbed(rows), toEmbed);
      QualityGate.require(settings, staged.summary(), staged.worst());
      lock.requireHeld();
      table.merge(source(changes, staged, staging, schema, sync), idCol, List.of(rows.columns()));
      new TableRecords(directory)
          .add(
              RunManifest.fileName(spark),
              RunManifest.of(
                  spark,
                  settings,
                  facts,
                  input,
                  staging.key(),
                  "incremental",
                  table.snapshot(),
                  schema,
                  staged));
      staging.clear();
      return Optional.of(staged.summary());
    }
  }

  private Dataset<Row> source(
      Changes changes, TableRun.Staged staged, Staging staging, StructType schema, boolean sync) {
    String[] files = staged.rowsOf().keySet().stream().map(staging::part).toArray(String[]::new);
    Dataset<Row> all =
        marked(spark.read().schema(schema).parquet(files), schema, CatalogTable.Change.PUT)
            .union(marked(changes.of(rows, Kind.UPDATED), schema, CatalogTable.Change.UPDATE));
    return sync
        ? all.union(
            marked(
                changes.of(table.rows().select(Columns.quoted(idCol)), Kind.GONE),
                schema,
                CatalogTable.Change.DELETE))
        : all;
  }

  /** The columns of the table, null where the rows have none, and what to do with each row. */
  private static Dataset<Row> marked(
      Dataset<Row> rows, StructType schema, CatalogTable.Change change) {
    List<String> present = List.of(rows.columns());
    List<Column> columns = new ArrayList<>();
    for (StructField field : schema.fields()) {
      Column column =
          present.contains(field.name())
              ? Columns.of(field.name())
              : functions.lit(null).cast(field.dataType()).as(field.name());
      columns.add(column);
    }
    columns.add(functions.lit(change.name()).as(CatalogTable.CHANGE));
    return rows.select(columns.toArray(Column[]::new));
  }
}
