package io.embark.input;

import io.embark.input.InputFiles.Given;
import io.embark.table.Embark;
import io.embark.table.TableDirectory;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The rows of a table that a command is given: one that Embark keeps, or Parquet files. */
public final class TableRows {
  private TableRows() {}

  /**
   * The current version if the table keeps versions, else what lies there as Parquet, such as the
   * files that {@code TextEmbedder} and Spark's own writer leave.
   *
   * @param setting that names the table, for messages
   * @param path of a table, of files, or a glob
   * @throws io.embark.UserError if nothing is there, it is a table of another kind, or the files
   *     cannot be read as one table
   * @throws IOException if the records or files of a table are damaged
   */
  public static Dataset<Row> read(SparkSession spark, String setting, Path path)
      throws IOException {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    FileSystem system = path.getFileSystem(hadoop);
    Optional<TableFolder> kind = TableFolder.of(system, path);
    if (kind.isPresent()) {
      return Embark.read(
          spark, new TableDirectory(system, path), kind.get().current(setting, system, path));
    }
    InputFiles found =
        InputFiles.at(
            List.of(new Given(path.toString(), path)), Optional.of(InputFormat.PARQUET), hadoop);
    found.requireOneLayout();
    Map<String, String> options =
        found.subdirectory().isPresent() ? Map.of("recursiveFileLookup", "true") : Map.of();
    return new InputGate(found, InputFormat.PARQUET, options, false)
        .read(spark, InputColumns.all(null), Set.of());
  }
}
