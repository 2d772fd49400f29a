package io.embark.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Everything that turns staged files into the table's next version, written down before it is done:
 * a run that dies half-way is finished by whoever takes the lock next. Each step can be done again.
 *
 * @param superseded names of files that the next version no longer has
 */
record Publication(
    Snapshot snapshot,
    List<Move> moves,
    List<String> superseded,
    String manifestName,
    JsonNode manifest) {

  /** A file's way from a path in the staging directory to one in the table's. */
  record Move(String from, String to) {}

  /**
   * Publishes the version.
   *
   * @param staging where the staged files lie; gone afterwards
   * @param lock asked before each step: an owner that lost it while it slept must do none of them
   * @throws FileAlreadyExistsException if another run published this version
   * @throws IllegalStateException if the lock is lost
   */
  void carryOut(TableDirectory table, Path staging, TableLock lock) throws IOException {
    FileSystem files = table.files();
    lock.requireHeld();
    requireNext(table, staging);
    // Readers that know no snapshots may look at _SUCCESS: it is missing while files come and go.
    files.delete(new Path(table.path(), TableDirectory.SUCCESS), false);
    for (Move move : moves) {
      lock.requireHeld();
      move(files, new Path(staging, move.from()), new Path(table.path(), move.to()));
    }
    lock.requireHeld();
    Path record = table.snapshotFile(snapshot.id());
    if (!files.exists(record)) {
      // From here on the new version is the current one.
      RecordFile.create(files, record, RecordFile.json(snapshot));
    }
    for (String name : superseded) {
      lock.requireHeld();
      files.delete(new Path(table.path(), name), true);
    }
    lock.requireHeld();
    Path run = new Path(table.records(), manifestName);
    if (!files.exists(run)) {
      RecordFile.create(files, run, RecordFile.json(manifest));
    }
    files.create(new Path(table.path(), TableDirectory.SUCCESS), true).close();
    Staging.delete(table, staging);
  }

  private void requireNext(TableDirectory table, Path staging) throws IOException {
    Path record = table.snapshotFile(snapshot.id());
    byte[] present = RecordFile.bytes(table.files(), record);
    if (present != null && !Arrays.equals(present, RecordFile.json(snapshot))) {
      // Cannot be while locks hold; if it is, nothing of this run may stay in sight.
      for (Move move : moves) {
        table.files().delete(new Path(table.path(), move.to()), false);
      }
      table.files().delete(staging, true);
      throw new FileAlreadyExistsException(
          "Another run published snapshot %d of %s; this one's was thrown away. Run again."
              .formatted(snapshot.id(), table.path()));
    }
  }

  private static void move(FileSystem files, Path from, Path to) throws IOException {
    if (!files.exists(from)) {
      if (!files.exists(to)) {
        throw new IOException("%s is gone, and %s is not there.".formatted(from, to));
      }
      return;
    }
    // Where a rename is a copy, an earlier try may have left one.
    files.delete(to, false);
    if (!files.rename(from, to)) {
      throw new IOException("Could not rename %s to %s.".formatted(from, to));
    }
  }
}
