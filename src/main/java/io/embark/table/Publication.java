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
 * @param receipts that the command was carried out; empty in plans of earlier versions
 */
record Publication(
    Snapshot snapshot,
    List<Move> moves,
    List<String> superseded,
    String manifestName,
    JsonNode manifest,
    Long epoch,
    List<Receipt> receipts) {
  static final String FILE = "publish.json";

  /** A file's way from a path in the staging directory to one in the table's. */
  record Move(String from, String to) {}

  Publication {
    receipts = receipts == null ? List.of() : receipts;
  }

  /**
   * Publishes the version.
   *
   * @param staging where the staged files lie; gone afterwards
   * @param lock asked before each step: an owner that lost it while it slept must do none of them
   * @throws FileAlreadyExistsException if another run published this version
   * @throws IllegalStateException if the lock is lost
   * @throws IOException also if a file that goes cannot be deleted. The version is there then, but
   *     without {@code _SUCCESS}, and the plan stays for the next run.
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
    Deletions.delete(files, new Path(table.path(), TableDirectory.SUCCESS));
    LocalDisk.syncFolder(files, table.path());
    Step.SUCCESS_DELETED.done();
    for (Move move : moves) {
      lock.requireHeld();
      move(table, staging, move);
      Step.FILE_MOVED.done();
    }
    LocalDisk.syncFolder(files, table.path());
    lock.requireHeld();
    // Once more, as a run without a lock may have taken some away again while others were moved.
    for (Move move : moves) {
      if (!isWhole(files, new Path(table.path(), move.to()), move)) {
        throw new IOException(
            "%s was taken away while version %d of %s was published. The next run publishes it."
                .formatted(move.to(), snapshot.id(), table.path()));
      }
    }
    // From here on the new version is the current one.
    create(files, table.snapshotFile(snapshot.id()), snapshot);
    Step.SNAPSHOT_WRITTEN.done();
    lock.requireHeld();
    create(files, new Path(table.records(), manifestName), manifest);
    Step.RUN_WRITTEN.done();
    for (Receipt receipt : receipts) {
      lock.requireHeld();
      receipt.put(table);
      Step.RECEIPT_WRITTEN.done();
    }
    Deletions.superseded(this, table, lock);
    LocalDisk.syncFolder(files, table.path());
    lock.requireHeld();
    files.create(new Path(table.path(), TableDirectory.SUCCESS), true).close();
    LocalDisk.syncFolder(files, table.path());
    Step.SUCCESS_WRITTEN.done();
    // First of all that is staged: without the files the plan could never be carried out again.
    Deletions.delete(files, new Path(staging, FILE));
    Step.PLAN_DELETED.done();
    Staging.delete(table, staging);
    Step.STAGING_DELETED.done();
  }

  private static void create(FileSystem files, Path file, Object record) throws IOException {
    if (!files.exists(file)) {
      RecordFile.create(files, file, RecordFile.json(record));
    }
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
        Deletions.delete(files, to);
      } else {
        files.mkdirs(from.getParent());
        if (!files.rename(to, from)) {
          throw new IOException("Could not rename %s to %s.".formatted(to, from));
        }
      }
    }
    if (current.isPresent()) {
      files.create(new Path(table.path(), TableDirectory.SUCCESS), true).close();
    }
    Deletions.delete(files, new Path(staging, FILE));
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
