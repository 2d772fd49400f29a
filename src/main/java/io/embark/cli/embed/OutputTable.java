package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.table.DataFile;
import io.embark.table.Snapshot;
import io.embark.table.TableDirectory;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.sql.SparkSession;

/**
 * The output as a run finds it.
 *
 * @param mode what to do with it
 */
record OutputTable(SparkSession spark, TableDirectory directory, SaveMode mode) {

  /**
   * Refuses an output that the mode cannot deal with.
   *
   * @throws UserError with the way out
   */
  void requireMode() throws IOException {
    if (mode == SaveMode.ERROR && directory.holdsData()) {
      throw new UserError(
          "output: %s exists. Use another, or --mode overwrite, append or incremental."
              .formatted(directory.path()));
    }
  }

  /**
   * The version that the run builds on; none when there is nothing or all of it is replaced.
   * Parquet files that Embark has no records of are taken as they are.
   *
   * @throws UserError if the files are not what the records say
   */
  Optional<Snapshot> base() throws IOException {
    if (mode == SaveMode.ERROR || mode == SaveMode.OVERWRITE || !directory.holdsData()) {
      return Optional.empty();
    }
    Optional<Snapshot> current = directory.current();
    Snapshot base = current.isPresent() ? current.get() : adopted();
    List<String> differences = directory.differences(base);
    if (!differences.isEmpty()) {
      throw new UserError(
          ("output: the files in %s are not those of its snapshot %d: %s. Somebody else changed it."
                  + " Put it right, or use --mode overwrite.")
              .formatted(directory.path(), base.id(), String.join("; ", differences)));
    }
    return Optional.of(base);
  }

  private Snapshot adopted() throws IOException {
    for (FileStatus found : directory.visible().values()) {
      if (found.isDirectory()) {
        throw new UserError(
            "output: %s holds the folder %s; wanted Parquet files only. Use another output."
                .formatted(directory.path(), found.getPath().getName()));
      }
    }
    List<DataFile> files =
        directory.visible().values().stream()
            .map(f -> new DataFile(f.getPath().getName(), f.getLen(), -1, null))
            .toList();
    String schema = spark.read().parquet(directory.path().toString()).schema().json();
    return new Snapshot(Snapshot.FORMAT, 0, null, "found", null, schema, files);
  }
}
