package io.embark.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.table.Snapshot.DataFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Everything that turns staged files into the table's next version, written down before it is done:
 * a run that dies half-way is finished by whoever takes the lock next. Each step can be done again.
 *
 * @param superseded names of files that the next version no longer has
 * @param epoch of the lock under which this was written; null in plans of earlier versions
 */
record Publication(
    Snapshot snapshot,
    List<Move> moves,
    List<String> superseded,
    String manifestName,
    JsonNode manifest,
    Long epoch) {

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
    if (!isDue(table, staging)) {
      // Cannot be while locks hold; if it is, nothing of this run may stay in sight.
      withdraw(table, staging);
      files.delete(staging, true);
      throw new FileAlreadyExistsException(
          "Another run published snapshot %d of %s; this one's was thrown away. Run again."
              .formatted(snapshot.id(), table.path()));
    }
    // Readers that know no snapshots may look at _SUCCESS: it is missing while files come and go.
    files.delete(new Path(table.path(), TableDirectory.SUCCESS), false);
    LocalDisk.syncFolder(files, table.path());
    for (Move move : moves) {
      lock.requireHeld();
      move(table, staging, move);
    }
    LocalDisk.syncFolder(files, table.path());
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
    LocalDisk.syncFolder(files, table.path());
    lock.requireHeld();
    Path run = new Path(table.records(), manifestName);
    if (!files.exists(run)) {
      RecordFile.create(files, run, RecordFile.json(manifest));
    }
    files.create(new Path(table.path(), TableDirectory.SUCCESS), true).close();
    LocalDisk.syncFolder(files, table.path());
    Staging.delete(table, staging);
  }

  /**
   * Whether the version can still come: it is there, or it follows the one that is, and its files
   * are whole. An owner of the lock that was asleep may have written its plan after another run
   * went on.
   */
  boolean isDue(TableDirectory table, Path staging) throws IOException {
    byte[] present = RecordFile.bytes(table.files(), table.snapshotFile(snapshot.id()));
    if (present != null) {
      return Arrays.equals(present, RecordFile.json(snapshot));
    }
    List<Long> ids = table.snapshotIds();
    if (!ids.isEmpty() && ids.get(ids.size() - 1) >= snapshot.id()) {
      return false;
    }
    for (Move move : moves) {
      if (!isWhole(table.files(), new Path(staging, move.from()), move)
          && !isWhole(table.files(), new Path(table.path(), move.to()), move)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a file is there and as long as the version says; earlier plans are believed. */
  private boolean isWhole(FileSystem files, Path file, Move move) throws IOException {
    OptionalLong wanted =
        snapshot.files().stream()
            .filter(data -> data.name().equals(move.to()))
            .mapToLong(DataFile::bytes)
            .findFirst();
    try {
      long found = files.getFileStatus(file).getLen();
      return wanted.isEmpty() || wanted.getAsLong() == found;
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  /** Takes back a publication of which the version's record is not there, and its plan. */
  void withdraw(TableDirectory table, Path staging) throws IOException {
    FileSystem files = table.files();
    Optional<Snapshot> current = table.current();
    Set<String> kept =
        current.stream()
            .flatMap(there -> there.files().stream().map(DataFile::name))
            .collect(Collectors.toSet());
    for (Move move : moves) {
      Path from = new Path(staging, move.from());
      Path to = new Path(table.path(), move.to());
      if (kept.contains(move.to()) || !files.exists(to)) {
        continue;
      }
      if (files.exists(from)) {
        files.delete(to, false);
      } else {
        files.mkdirs(from.getParent());
        files.rename(to, from);
      }
    }
    if (current.isPresent()) {
      files.create(new Path(table.path(), TableDirectory.SUCCESS), true).close();
    }
    files.delete(new Path(staging, Staging.PUBLISH), false);
  }

  private void move(TableDirectory table, Path staging, Move move) throws IOException {
    FileSystem files = table.files();
    Path from = new Path(staging, move.from());
    Path to = new Path(table.path(), move.to());
    // Never taken away again: it may be the current version's, if this owner slept just now.
    if (isWhole(files, to, move)) {
      return;
    }
    if (!files.exists(from)) {
      throw new IOException("%s is gone, and %s is not there.".formatted(from, to));
    }
    // Where a rename is a copy, an earlier try may have left a part of one.
    if (files.exists(to)) {
      files.delete(to, false);
    }
    if (!files.rename(from, to)) {
      throw new IOException("Could not rename %s to %s.".formatted(from, to));
    }
  }
}
