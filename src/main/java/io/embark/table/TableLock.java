package io.embark.table;

import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.util.ThreadUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two runs from writing one table at the same time: a file {@code _embark/lock} that names
 * its owner, and {@code _embark/lock-beat}, which the owner writes anew every {@link #BEAT}. A lock
 * is void when its owner's process is known to be gone (same machine), or when the beat is older
 * than {@link #STALE} by the file system's own clock.
 */
public final class TableLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TableLock.class);

  static final Duration BEAT = Duration.ofSeconds(10);
  static final Duration STALE = Duration.ofSeconds(120);

  private final TableDirectory table;
  private final LockOwner owner;
  private final ScheduledExecutorService clock;

  private TableLock(TableDirectory table, LockOwner owner, Duration beat) {
    this.table = table;
    this.owner = owner;
    this.clock = ThreadUtils.newDaemonSingleThreadScheduledExecutor("embark-lock");
    clock.scheduleAtFixedRate(this::beat, 0, beat.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** {@link #take(TableDirectory, String, Duration)} for a Spark application. */
  public static TableLock take(TableDirectory table, SparkContext application, Duration patience)
      throws IOException, InterruptedException {
    return take(table, application.applicationId(), patience);
  }

  /**
   * Takes the lock, waiting for another run to end for as long as is given.
   *
   * @throws IllegalStateException naming the owner, if it did not end
   */
  public static TableLock take(TableDirectory table, String application, Duration patience)
      throws IOException, InterruptedException {
    return take(table, LockOwner.ofThisProcess(application), patience, BEAT, STALE);
  }

  static TableLock take(
      TableDirectory table, LockOwner me, Duration patience, Duration beat, Duration stale)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    boolean logged = false;
    while (true) {
      try {
        RecordFile.create(table.files(), lockFile(table), RecordFile.json(me));
        return new TableLock(table, me, beat);
      } catch (FileAlreadyExistsException e) {
        LockOwner other = owner(table);
        if (other == null) {
          continue;
        }
        if (other.isDead() || age(table).compareTo(stale) > 0) {
          breakLock(table, other);
          continue;
        }
        if (System.nanoTime() >= end) {
          throw new IllegalStateException(
              ("%s is being written by %s, last heard of %d s ago. Wait for it to end, or give"
                      + " --wait-for-lock SECONDS. A run that was killed is noticed at once on its"
                      + " own machine, elsewhere after %d s.")
                  .formatted(
                      table.path(), other.inWords(), age(table).toSeconds(), STALE.toSeconds()));
        }
        if (!logged) {
          LOG.info("{} is being written by {}; waiting", table.path(), other.inWords());
          logged = true;
        }
        Thread.sleep(Math.min(1000, beat.toMillis()));
      }
    }
  }

  /** The writer of a table in words, and whether it is gone; null if nobody is writing. */
  static String inWords(TableDirectory table) throws IOException {
    LockOwner owner = owner(table);
    return owner == null ? null : owner.inWords() + (owner.isDead() ? ", which is gone" : "");
  }

  /** Null if nobody has the lock. */
  private static LockOwner owner(TableDirectory table) throws IOException {
    return RecordFile.read(table.files(), lockFile(table), LockOwner.class);
  }

  /** Time since the owner's last beat, by the file system's clock. */
  private static Duration age(TableDirectory table) throws IOException {
    FileSystem files = table.files();
    Path probe = new Path(table.records(), ".now." + UUID.randomUUID());
    touch(files, probe);
    long now = files.getFileStatus(probe).getModificationTime();
    files.delete(probe, false);
    long last = 0;
    for (FileStatus file : table.list(table.records())) {
      if (file.getPath().equals(lockFile(table)) || file.getPath().equals(beatFile(table))) {
        last = Math.max(last, file.getModificationTime());
      }
    }
    return Duration.ofMillis(Math.max(0, now - last));
  }

  /** Moves the lock away. Of several that try, one succeeds. */
  private static void breakLock(TableDirectory table, LockOwner dead) throws IOException {
    FileSystem files = table.files();
    Path away = new Path(table.records(), ".lock." + dead.token());
    if (!files.exists(lockFile(table)) || !files.rename(lockFile(table), away)) {
      return;
    }
    LockOwner moved = RecordFile.read(files, away, LockOwner.class);
    if (!moved.token().equals(dead.token())) {
      // Somebody was faster, and this is their new lock.
      files.rename(away, lockFile(table));
      return;
    }
    files.delete(away, false);
    LOG.warn("The lock of {} is void: its owner is gone, {}", table.path(), dead.inWords());
  }

  /**
   * Checks that the lock is still ours: a driver that slept for minutes may have been taken for
   * dead.
   *
   * @throws IllegalStateException if it is not
   */
  public void requireHeld() throws IOException {
    LockOwner now = owner(table);
    if (now == null || !now.token().equals(owner.token())) {
      throw new IllegalStateException(
          ("This run lost its lock on %s%s: it gave no sign of life for %d s or longer. Nothing was"
                  + " published; the same command continues.")
              .formatted(
                  table.path(), now == null ? "" : " to " + now.inWords(), STALE.toSeconds()));
    }
  }

  private void beat() {
    try {
      touch(table.files(), beatFile(table));
    } catch (IOException | RuntimeException e) {
      if (clock.isShutdown()) {
        // Interrupted by close(), which needs no beat any more.
        return;
      }
      // The next may come through; if none does, requireHeld() finds out before anything counts.
      LOG.warn("No sign of life could be written to {}: {}", beatFile(table), e.toString());
    }
  }

  private static void touch(FileSystem files, Path file) throws IOException {
    RecordFile.write(files, file, new byte[] {'.'}, true);
  }

  /** Releases the lock, unless another run has it by now. */
  @Override
  public void close() throws IOException {
    clock.shutdownNow();
    try {
      clock.awaitTermination(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LockOwner now = owner(table);
    if (now != null && now.token().equals(owner.token())) {
      table.files().delete(beatFile(table), false);
      table.files().delete(lockFile(table), false);
    }
  }

  private static Path lockFile(TableDirectory table) {
    return new Path(table.records(), "lock");
  }

  private static Path beatFile(TableDirectory table) {
    return new Path(table.records(), "lock-beat");
  }
}
