package io.embark.input;

import io.embark.UserError;
import io.embark.table.Embark;
import io.embark.table.Snapshot;
import io.embark.table.Staging;
import io.embark.table.TableDirectory;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;

/**
 * A folder that is a table: of its files some are rows that were removed, replaced, or not
 * published yet, so that they are never read as they lie there.
 */
public enum TableFolder {
  EMBARK("a table of Embark's", TableDirectory.RECORDS) {
    @Override
    boolean isBeside(FileSystem files, Path marker) throws IOException {
      TableDirectory table = new TableDirectory(files, marker.getParent());
      return !table.snapshotIds().isEmpty() || Staging.unfinishedPublication(table);
    }
  },
  DELTA("a Delta Lake table", "_delta_log"),
  ICEBERG("an Apache Iceberg table", "metadata") {
    @Override
    boolean isBeside(FileSystem files, Path marker) throws IOException {
      for (FileStatus file : list(files, marker)) {
        if (file.getPath().getName().matches(".*\\.metadata\\.json(\\.gz)?|version-hint\\.text")) {
          return true;
        }
      }
      return false;
    }
  },
  HUDI("an Apache Hudi table", ".hoodie"),
  STREAM("what a stream of Spark's wrote", "_spark_metadata");

  private final String words;
  private final String marker;

  TableFolder(String words, String marker) {
    this.words = words;
    this.marker = marker;
  }

  /** Whether a folder of the marker's name makes the folder around it a table. */
  boolean isBeside(FileSystem files, Path marker) throws IOException {
    return true;
  }

  /** What a folder is; empty if it is no table. */
  public static Optional<TableFolder> of(FileSystem files, Path folder) throws IOException {
    for (TableFolder kind : values()) {
      Path marker = new Path(folder, kind.marker);
      if (isFolder(files, marker) && kind.isBeside(files, marker)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /** The kind of table that a folder is by the name of one that lies in it. */
  static Optional<TableFolder> by(FileSystem files, FileStatus child) throws IOException {
    for (TableFolder kind : values()) {
      if (child.isDirectory()
          && child.getPath().getName().equals(kind.marker)
          && kind.isBeside(files, child.getPath())) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /**
   * Refuses a folder or file that lies in a table.
   *
   * @param setting that named it
   */
  static void requireNoneAbove(String setting, FileSystem files, Path path) throws IOException {
    for (Path folder = path.getParent(); folder != null; folder = folder.getParent()) {
      Optional<TableFolder> kind = of(files, folder);
      if (kind.isPresent()) {
        throw new UserError(
            "%s: %s lies in %s, which is %s; its files are not its rows. %s"
                .formatted(setting, path, folder, kind.get().words, kind.get().wayOut(folder)));
      }
    }
  }

  /**
   * Refuses an output that is a table of another kind, or lies in one: files that its log does not
   * know are no rows of it, and those that it knows must stay.
   *
   * @param setting that named it
   */
  public static void requireNoOther(String setting, FileSystem files, Path output)
      throws IOException {
    for (Path folder = output; folder != null; folder = folder.getParent()) {
      Optional<TableFolder> kind = of(files, folder).filter(found -> found != EMBARK);
      if (kind.isPresent()) {
        throw new UserError(
            ("%s: %s is %s, which keeps a list of its own of its files. Write to a folder of its own%s,"
                    + " and have the engine that owns the table take the rows from there.")
                .formatted(
                    setting,
                    folder.equals(output)
                        ? output
                        : "%s lies in %s, and that".formatted(output, folder),
                    kind.get().words,
                    kind.get() == ICEBERG
                        ? ", or to the table by its name in a catalog (--table)"
                        : ""));
      }
    }
  }

  /** The refusal of a table that was found in a folder or by a pattern. */
  UserError refusedBelow(String setting, Path table) {
    return new UserError(
        "%s: %s is %s, and lies among what is to be read; its files are not its rows. %s"
            .formatted(setting, table, words, wayOut(table)));
  }

  /** The refusal of a table that was named itself. */
  UserError refused(String setting, Path table) {
    return new UserError(
        "%s: %s is %s; its files are not its rows. %s"
            .formatted(setting, table, words, wayOut(table)));
  }

  /**
   * The current version of a table of Embark's.
   *
   * @throws UserError if the folder is a table of another kind
   * @throws IOException if it has no version yet, for its first run is publishing or was killed
   */
  Snapshot current(String setting, FileSystem files, Path folder) throws IOException {
    if (this != EMBARK) {
      throw refused(setting, folder);
    }
    TableDirectory table = new TableDirectory(files, folder);
    if (table.snapshotIds().isEmpty()) {
      throw new IOException(
          ("%s: the first run on the table %s is publishing it, or was killed in it. Wait for it, or"
                  + " finish it: jobs/inspect.sh --repair %s.")
              .formatted(setting, folder, folder));
    }
    return Embark.current(table);
  }

  private String wayOut(Path table) {
    return this == EMBARK
        ? "Name the table itself, %s, alone or beside others.".formatted(table)
        : this == STREAM
            ? "Have Spark, which reads the folder by its log, write the rows to a folder of Parquet files, and read that."
            : "Have the engine that owns it write the current rows to a folder of Parquet files, and read"
                + " that.";
  }

  private static boolean isFolder(FileSystem files, Path path) throws IOException {
    try {
      return files.getFileStatus(path).isDirectory();
    } catch (FileNotFoundException e) {
      return false;
    } catch (AccessControlException | AccessDeniedException e) {
      // Of a folder above the input, which one need not be allowed to see.
      return false;
    }
  }

  private static FileStatus[] list(FileSystem files, Path folder) throws IOException {
    try {
      return files.listStatus(folder);
    } catch (FileNotFoundException | AccessControlException | AccessDeniedException e) {
      return new FileStatus[0];
    }
  }
}
