package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.analysis.SearchCommand.Existing;
import io.embark.embed.Setting;
import io.embark.embed.VectorProvenance;
import io.embark.input.TableRows;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.path.Folder;
import io.embark.table.KeptMaps;
import io.embark.table.TableDirectory;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A table that an {@code embed} job wrote, and its column of vectors to work on. */
record EmbeddedTable(String uri, Dataset<Row> rows, String vectorCol) {
  /**
   * Opens what a setting names: the current version if the table keeps versions, or Parquet files.
   *
   * @throws UserError if nothing is there, or it has no such vectors
   */
  static EmbeddedTable open(SparkSession spark, JobSettings settings, Setting<String> input)
      throws IOException {
    String uri = settings.get(input);
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    Path path = settings.path(input, hadoop);
    if (!path.getFileSystem(hadoop).exists(path)) {
      throw new UserError("input: nothing at %s.".formatted(uri));
    }
    Dataset<Row> rows = TableRows.read(spark, input.key(), path);
    String vectorCol = vectorCol(rows, uri, settings.get(SearchCommand.VECTOR_COL, null));
    return new EmbeddedTable(uri, rows, vectorCol);
  }

  private static String vectorCol(Dataset<Row> rows, String uri, String wanted) {
    List<String> columns = ColumnProvenance.columns(rows.schema());
    if (columns.isEmpty()) {
      throw new UserError(
          ("input: %s has no column of vectors that says how they were made; it has %s. Embed texts"
                  + " with jobs/embed.sh first.")
              .formatted(uri, String.join(", ", rows.columns())));
    }
    if (wanted == null && columns.size() > 1) {
      throw new UserError(
          "vector-col: %s has several columns of vectors, %s; name one with --vector-col."
              .formatted(uri, String.join(", ", columns)));
    }
    if (wanted != null && !columns.contains(wanted)) {
      throw new UserError(
          "vector-col: '%s' is no column of vectors in %s; there are %s."
              .formatted(wanted, uri, String.join(", ", columns)));
    }
    return wanted == null ? columns.get(0) : wanted;
  }

  /** How the vectors were made, by the metadata of their column. */
  VectorProvenance origin() {
    return ColumnProvenance.of(rows.schema(), vectorCol);
  }

  /**
   * The path of the map that the vectors went through after the model; null if there is none, or it
   * is not with the table.
   */
  String post() throws IOException {
    String fingerprint = origin().postFingerprint();
    if (fingerprint.isEmpty()) {
      return null;
    }
    Configuration hadoop = rows.sparkSession().sparkContext().hadoopConfiguration();
    KeptMaps maps = new KeptMaps(TableDirectory.at(new Path(uri), hadoop));
    return maps.holds(fingerprint) ? maps.of(fingerprint).toString() : null;
  }

  /**
   * A column that is there if the user named it, or its usual name if that is there, else null.
   *
   * @throws UserError if the user named one that is not there
   */
  String column(JobSettings settings, Setting<String> setting, String usual) {
    String name = settings.get(setting, usual);
    if (List.of(rows.columns()).contains(name)) {
      return name;
    }
    if (settings.isSet(setting)) {
      throw new UserError(
          "%s: no column '%s' in %s; it has %s."
              .formatted(setting.key(), name, uri, String.join(", ", rows.columns())));
    }
    return null;
  }

  /**
   * The directory that a job writes to by this setting and {@code mode}.
   *
   * @throws UserError if it exists and is not to be overwritten, or overlaps with the table
   */
  Path output(JobSettings settings, Setting<String> setting) throws IOException {
    Configuration hadoop = rows.sparkSession().sparkContext().hadoopConfiguration();
    Path output = settings.path(setting, hadoop);
    FileSystem files = output.getFileSystem(hadoop);
    if (settings.get(SearchCommand.MODE) == Existing.ERROR && files.exists(output)) {
      throw new UserError("output: %s exists. Use another, or --mode overwrite.".formatted(output));
    }
    Path input = files.makeQualified(new Path(uri));
    if (Folder.of(output, hadoop).holds(input) || Folder.of(input, hadoop).holds(output)) {
      throw new UserError(
          "output: %s and the table %s lie in each other. Write somewhere else."
              .formatted(output, input));
    }
    return output;
  }
}
