package io.embark.table;

import io.embark.UserError;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.path.ExactFiles;
import io.embark.table.Snapshot.DataFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Reads tables that Embark wrote. */
public final class Embark {
  private Embark() {}

  /**
   * The current version of a table, wholly and only: files that are on their way in or out do not
   * count. The version is settled when this method is called; if a later run supersedes one of its
   * files before it is read, Spark fails with a missing file, and reading anew helps.
   *
   * @param path the output directory of an embed job
   * @throws UserError if there is no such table
   * @throws UncheckedIOException if its records or files are damaged
   */
  public static Dataset<Row> read(SparkSession spark, String path) {
    try {
      TableDirectory table =
          TableDirectory.at(new Path(path), spark.sparkContext().hadoopConfiguration());
      return read(spark, table, current(table));
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /** The rows of one version, whose files are taken to be there. */
  public static Dataset<Row> read(SparkSession spark, TableDirectory table, Snapshot snapshot) {
    if (snapshot.files().isEmpty()) {
      return spark.createDataFrame(List.of(), snapshot.structType());
    }
    return ExactFiles.parquet(spark, snapshot.structType(), table.paths(snapshot));
  }

  /**
   * Refuses two tables whose vector columns of the same name cannot be compared: made by another
   * model, pooling, layers, map after the model or size.
   *
   * @throws UserError with both sides, field by field, or if the tables share no vector column
   */
  public static void requireComparable(Dataset<Row> left, Dataset<Row> right) {
    List<String> columns = new ArrayList<>(ColumnProvenance.columns(left.schema()));
    columns.retainAll(ColumnProvenance.columns(right.schema()));
    if (columns.isEmpty()) {
      throw new UserError(
          "The tables share no column with vectors that Embark wrote; left are %s, right %s."
              .formatted(String.join(", ", left.columns()), String.join(", ", right.columns())));
    }
    for (String name : columns) {
      ColumnProvenance.requireComparable(left.schema().apply(name), right.schema().apply(name));
    }
  }

  /**
   * The current version of a table, all of whose files are there.
   *
   * @throws UserError if there is no such table
   * @throws IOException if its records or files are damaged
   */
  public static Snapshot current(TableDirectory table) throws IOException {
    Snapshot snapshot = newest(table);
    for (Set<String> missing = missing(table, snapshot);
        !missing.isEmpty();
        missing = missing(table, snapshot)) {
      Snapshot again = newest(table);
      if (again.id() == snapshot.id()) {
        throw new IOException(
            "Snapshot %d of %s lists files that are not there or have another length: %s."
                .formatted(snapshot.id(), table.path(), String.join(", ", missing)));
      }
      snapshot = again;
    }
    return snapshot;
  }

  private static Snapshot newest(TableDirectory table) throws IOException {
    return table
        .current()
        .orElseThrow(
            () ->
                new UserError(
                    "No table of Embark's at %s: no snapshot under %s. An embed job writes one."
                        .formatted(table.path(), table.snapshotFile(1).getParent())));
  }

  private static Set<String> missing(TableDirectory table, Snapshot snapshot) throws IOException {
    Map<String, FileStatus> visible = table.visible();
    return snapshot.files().stream()
        .filter(
            file ->
                !visible.containsKey(file.name())
                    || visible.get(file.name()).getLen() != file.bytes())
        .map(DataFile::name)
        .collect(Collectors.toSet());
  }
}
