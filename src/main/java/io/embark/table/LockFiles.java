package io.embark.table;

import io.embark.UserError;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files of a table's lock, under {@code _embark/locks}. Each run that may write gets the next
 * number, its epoch: {@code 00000007.json} names the owner of epoch 7, {@code 00000007.beat} is
 * written anew for as long as it lives, and {@code 00000007.json} becomes {@code 00000007.released}
 * when it ends. Only the highest number counts, and its file is never deleted, so that numbers
 * never come again and whoever had a lower one finds out.
 */
record LockFiles(TableDirectory table) {
  private static final Pattern NAME = Pattern.compile("(\\d{8,})\\.(json|released|beat)");
  private static final String RELEASED = "released";

  /** Where earlier versions of Embark have their only lock; it counts as epoch 0. */
  private static final String EARLIER = "lock";

  private static final String EARLIER_BEAT = "lock-beat";

  /**
   * The lock of the highest epoch.
   *
   * @param owner null if the file does not say who; always there if {@code damage} is null
   * @param damage what is wrong with the file, or null
   * @param signs its files, whose dates tell when the owner was last heard of
   */
  record Newest(
      long epoch, boolean released, LockOwner owner, String damage, List<FileStatus> signs) {
    boolean isOf(LockOwner other, long itsEpoch) {
      return epoch == itsEpoch && !released && owner != null && owner.token().equals(other.token());
    }
  }

  private Path folder() {
    return new Path(table.records(), "locks");
  }

  private Path file(long epoch, String kind) {
    return new Path(folder(), "%08d.%s".formatted(epoch, kind));
  }

  /**
   * Empty if nobody ever had the lock.
   *
   * @throws UserError if a folder lies where a file of the lock has to be, or a file for a folder
   */
  Optional<Newest> newest() throws IOException {
    while (true) {
      List<FileStatus> all = files();
      long epoch = -1;
      for (FileStatus file : all) {
        if (!kind(file).equals("beat")) {
          epoch = Math.max(epoch, epoch(file));
        }
      }
      if (epoch < 0) {
        return Optional.empty();
      }
      long highest = epoch;
      List<FileStatus> signs = all.stream().filter(file -> epoch(file) == highest).toList();
      boolean released = signs.stream().anyMatch(file -> kind(file).equals(RELEASED));
      Path named = epoch == 0 ? new Path(table.records(), EARLIER) : file(epoch, "json");
      byte[] contents = released ? new byte[0] : RecordFile.bytes(table.files(), named);
      if (released) {
        return Optional.of(new Newest(epoch, true, null, null, signs));
      }
      // Null: released or taken over since the folder was read.
      if (contents != null) {
        return Optional.of(newest(epoch, named, contents, signs));
      }
    }
  }

  private static Newest newest(long epoch, Path file, byte[] contents, List<FileStatus> signs) {
    try {
      LockOwner owner = RecordFile.parse(contents, file, LockOwner.class);
      return new Newest(epoch, false, owner, null, signs);
    } catch (IOException e) {
      return new Newest(epoch, false, null, e.getMessage(), signs);
    }
  }

  /** Those of every epoch, and of earlier versions where there are none. */
  private List<FileStatus> files() throws IOException {
    List<FileStatus> found = new ArrayList<>();
    for (FileStatus file : table.list(folder())) {
      if (file.getPath().equals(folder())) {
        throw new UserError(
            "%s is a file, and a folder has to be there. Nothing of Embark's is like that; remove it."
                .formatted(folder()));
      }
      if (NAME.matcher(file.getPath().getName()).matches()) {
        found.add(file);
      }
    }
    if (found.isEmpty()) {
      for (FileStatus file : table.list(table.records())) {
        String name = file.getPath().getName();
        if (file.getPath().equals(table.records())) {
          throw new UserError(
              ("%s is a file, and the folder of the table's records has to be there. Remove it, or"
                      + " use another output.")
                  .formatted(table.records()));
        }
        if (name.equals(EARLIER) || name.equals(EARLIER_BEAT)) {
          found.add(file);
        }
      }
    }
    for (FileStatus file : found) {
      if (file.isDirectory()) {
        throw new UserError(
            ("%s is a folder, and a lock is a file. Nothing of Embark's is like that; if no run is at"
                    + " work, remove it.")
                .formatted(file.getPath()));
      }
    }
    return found;
  }

  private static long epoch(FileStatus file) {
    Matcher name = NAME.matcher(file.getPath().getName());
    return name.matches() ? Long.parseLong(name.group(1)) : 0;
  }

  private static String kind(FileStatus file) {
    Matcher name = NAME.matcher(file.getPath().getName());
    return name.matches()
        ? name.group(2)
        : file.getPath().getName().equals(EARLIER) ? "json" : "beat";
  }

  /**
   * Creates the lock of an epoch.
   *
   * @return whether it is certain that nobody else creates the same
   * @throws FileAlreadyExistsException if somebody has
   */
  boolean create(long epoch, LockOwner owner) throws IOException {
    return RecordFile.create(table.files(), file(epoch, "json"), RecordFile.json(owner));
  }

  void beat(long epoch) throws IOException {
    RecordFile.write(table.files(), file(epoch, "beat"), new byte[] {'.'}, true);
  }

  /**
   * Time since an owner was last heard of, by the file system's own clock. A date that lies in the
   * future, because a clock was set, would never grow old: it is set to the present one.
   */
  Duration silence(Newest lock) throws IOException {
    FileSystem files = table.files();
    Path probe = new Path(folder(), ".now." + UUID.randomUUID());
    files.mkdirs(folder());
    RecordFile.write(files, probe, new byte[0], true);
    long now = files.getFileStatus(probe).getModificationTime();
    files.delete(probe, false);
    long last = 0;
    for (FileStatus file : lock.signs()) {
      if (file.getModificationTime() > now) {
        try {
          files.setTimes(file.getPath(), now, -1);
        } catch (IOException e) {
          throw new UserError(
              ("output: the lock %s is dated in the future, %s, so that it would never grow old, and its"
                      + " date cannot be set, as another user's cannot: %s. If no run is at work there,"
                      + " have its owner touch or delete it.")
                  .formatted(
                      file.getPath(),
                      Instant.ofEpochMilli(file.getModificationTime()),
                      e.getMessage()),
              e);
        }
      }
      last = Math.max(last, Math.min(now, file.getModificationTime()));
    }
    return Duration.ofMillis(now - last);
  }

  /** Lets the next run in. */
  void release(long epoch) throws IOException {
    table.files().delete(file(epoch, "beat"), false);
    Step.BEAT_DELETED.done();
    if (!table.files().rename(file(epoch, "json"), file(epoch, RELEASED))) {
      throw new IOException("Could not rename %s.".formatted(file(epoch, "json")));
    }
    Step.LOCK_RELEASED.done();
  }

  /** Removes locks of lower epochs, and what runs left that died while they wrote a record. */
  void sweep(long epoch, Duration stale) throws IOException {
    // Checksums that a run left which died while it wrote are files too.
    FileSystem files = LocalDisk.raw(table.files());
    long old = files.getFileStatus(file(epoch, "json")).getModificationTime() - stale.toMillis();
    for (FileStatus file : files.listStatus(folder())) {
      String name = file.getPath().getName();
      boolean lower = NAME.matcher(name).matches() && epoch(file) < epoch;
      // Others may be asking for the lock just now.
      boolean left = RecordFile.isDraft(name) && file.getModificationTime() < old;
      if (lower || left) {
        files.delete(file.getPath(), false);
      }
    }
    for (FileStatus file : table.list(table.records())) {
      String name = file.getPath().getName();
      if (RecordFile.isDraft(name) || name.equals(EARLIER) || name.equals(EARLIER_BEAT)) {
        files.delete(file.getPath(), false);
      }
    }
    for (FileStatus file : table.list(table.snapshotFile(1).getParent())) {
      if (RecordFile.isDraft(file.getPath().getName())) {
        files.delete(file.getPath(), false);
      }
    }
  }
}
