package io.embark.table;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Files that go when a version is published, of which none may stay unnoticed. */
final class Deletions {
  /** Files named in an error. */
  private static final int NAMED = 5;

  private Deletions() {}

  /**
   * Deletes a file or folder that may be gone already.
   *
   * @throws IOException if it is still there
   */
  static void delete(FileSystem files, Path path) throws IOException {
    boolean deleted;
    try {
      deleted = files.delete(path, true);
    } catch (IOException e) {
      throw new IOException("%s: %s".formatted(path, e.getMessage()), e);
    }
    // False says that it was not there, or that it cannot be deleted.
    if (!deleted && files.exists(path)) {
      throw new IOException(path + " cannot be deleted.");
    }
  }

  /**
   * Deletes the files that a version no longer has. All are tried, so that the error names what is
   * left to do.
   */
  static void superseded(Publication plan, TableDirectory table, TableLock lock)
      throws IOException {
    List<String> left = new ArrayList<>();
    for (String name : plan.superseded()) {
      lock.requireHeld();
      try {
        delete(table.files(), new Path(table.path(), name));
        Step.FILE_DELETED.done();
      } catch (IOException e) {
        left.add(e.getMessage());
      }
    }
    if (!left.isEmpty()) {
      throw new IOException(
          ("Version %d of %s is there, but %d of %d files with rows that it no longer has could not"
                  + " be deleted: %s. Until they are gone there is no _SUCCESS, and readers that know"
                  + " no snapshots get old rows beside new ones. Put right what keeps them, then run"
                  + " the same command, or inspect --repair.")
              .formatted(
                  plan.snapshot().id(),
                  table.path(),
                  left.size(),
                  plan.superseded().size(),
                  String.join("; ", left.subList(0, Math.min(NAMED, left.size())))));
    }
  }
}
