package io.embark.table;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.spark.SparkContext;
import org.apache.spark.util.ThreadUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two runs from writing one table at the same time. The lock is a number, its owner's epoch
 * ({@link LockFiles}): a run takes it by creating the next one. That is allowed when the last was
 * released; when its owner is known to be gone (same machine, or an earlier attempt of the same
 * application); or when its sign of life, which it gives every {@link #BEAT}, is older than {@link
 * #STALE} by the file system's own clock. An owner that was only asleep has been fenced off then:
 * {@link #requireHeld} is asked before each step that others can see.
 */
public final class TableLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TableLock.class);

  static final Duration BEAT = Duration.ofSeconds(10);
  static final Duration STALE = Duration.ofSeconds(120);

  private final LockFiles files;
  private final LockOwner owner;
  private final Duration stale;
  private final ScheduledExecutorService clock;
  private final Thread run = Thread.currentThread();
  private long epoch;
  private String broken;

  private TableLock(TableDirectory table, LockOwner owner, Duration stale) {
    this.files = new LockFiles(table);
    this.owner = owner;
    this.stale = stale;
    // Its thread tells other class loaders of this JVM that this owner lives, so it starts first.
    this.clock = ThreadUtils.newDaemonSingleThreadScheduledExecutor(owner.threadName());
    clock.execute(() -> {});
  }

  /**
   * Takes the lock for a Spark application. A second attempt of an application, as YARN starts one,
   * takes it over from the first, which the resource manager has ended.
   *
   * @throws IllegalStateException naming the owner, if it did not end in time
   */
  public static TableLock take(TableDirectory table, SparkContext spark, Duration patience)
      throws IOException, InterruptedException {
    String attempt = spark.applicationAttemptId().getOrElse(() -> "0");
    LockOwner me =
        LockOwner.ofThisProcess(
            spark.applicationId(), attempt.matches("\\d{1,9}") ? Integer.parseInt(attempt) : 0);
    return take(table, me, patience, BEAT, STALE);
  }

  /**
   * Takes the lock, waiting for another run to end for as long as is given.
   *
   * @throws IllegalStateException naming the owner, if it did not end
   */
  public static TableLock take(TableDirectory table, String application, Duration patience)
      throws IOException, InterruptedException {
    return take(table, LockOwner.ofThisProcess(application, 0), patience, BEAT, STALE);
  }

  static TableLock take(
      TableDirectory table, LockOwner me, Duration patience, Duration beat, Duration stale)
      throws IOException, InterruptedException {
    TableLock lock = new TableLock(table, me, stale);
    boolean taken = false;
    try {
      lock.await(patience, beat);
      Step.LOCK_TAKEN.done();
      lock.files.beat(lock.epoch);
      lock.files.sweep(lock.epoch, stale);
      lock.clock.scheduleAtFixedRate(
          lock::beat, beat.toMillis(), beat.toMillis(), TimeUnit.MILLISECONDS);
      taken = true;
    } finally {
      if (!taken) {
        lock.clock.shutdownNow();
      }
    }
    return lock;
  }

  private void await(Duration patience, Duration beat) throws IOException, InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    boolean logged = false;
    while (true) {
      Optional<LockFiles.Newest> newest = files.newest();
      if (newest.isEmpty() || isVoid(newest.get())) {
        if (claim(newest, beat.dividedBy(5))) {
          return;
        }
        // Somebody was faster, and is found now.
        Thread.sleep(1);
        continue;
      }
      LockFiles.Newest other = newest.get();
      if (System.nanoTime() >= end) {
        throw refusal(other);
      }
      if (!logged) {
        LOG.info("{} is being written by {}; waiting", path(), inWords(other));
        logged = true;
      }
      Thread.sleep(Math.min(1000, beat.toMillis()));
    }
  }

  /** Whether nobody holds a lock any more. */
  private boolean isVoid(LockFiles.Newest lock) throws IOException {
    boolean gone =
        lock.released()
            || lock.owner() != null && (lock.owner().isDead() || lock.owner().isEnded(owner));
    return gone || files.silence(lock).compareTo(stale) > 0;
  }

  /**
   * Creates the next epoch.
   *
   * @param settling time after which writes that were under way are seen, where two may create the
   *     same file: the last one's stays
   * @return false if another run has it
   */
  private boolean claim(Optional<LockFiles.Newest> last, Duration settling)
      throws IOException, InterruptedException {
    epoch = last.map(lock -> lock.epoch() + 1).orElse(1L);
    try {
      if (!files.create(epoch, owner)) {
        Thread.sleep(settling.toMillis());
      }
    } catch (FileAlreadyExistsException e) {
      return false;
    }
    // A higher one may be there if this thread slept before it created its own.
    boolean mine = isHeld(files.newest());
    if (mine && last.isPresent() && !last.get().released()) {
      LOG.warn("The lock of {} is void: its owner is gone, {}", path(), inWords(last.get()));
      broken = last.get().owner() == null ? null : last.get().owner().application();
      Step.LOCK_BROKEN.done();
    }
    return mine;
  }

  private boolean isHeld(Optional<LockFiles.Newest> newest) {
    return newest.isPresent() && newest.get().isOf(owner, epoch);
  }

  private IllegalStateException refusal(LockFiles.Newest other) throws IOException {
    return new IllegalStateException(
        ("%s is being written by %s, last heard of %d s ago. Wait for it to end, or give"
                + " --wait-for-lock SECONDS. A run that was killed is noticed at once on its"
                + " own machine, elsewhere after %d s.")
            .formatted(
                path(), inWords(other), files.silence(other).toSeconds(), stale.toSeconds()));
  }

  private static String inWords(LockFiles.Newest lock) {
    return lock.owner() != null
        ? lock.owner().inWords()
        : "a run that cannot be told (" + lock.damage() + ")";
  }

  /** The writer of a table in words, and whether it is gone; null if nobody is writing. */
  static String inWords(TableDirectory table) throws IOException {
    Optional<LockFiles.Newest> newest = new LockFiles(table).newest();
    if (newest.isEmpty() || newest.get().released()) {
      return null;
    }
    LockOwner owner = newest.get().owner();
    return inWords(newest.get()) + (owner != null && owner.isDead() ? ", which is gone" : "");
  }

  /** The number of this ownership: higher than that of every earlier owner of the table's lock. */
  public long epoch() {
    return epoch;
  }

  /**
   * The Spark application of the owner that this one took the lock from, without its releasing it;
   * it may be asleep and not dead. Empty if there was none, or it cannot be told.
   */
  public Optional<String> brokenApplication() {
    return Optional.ofNullable(broken);
  }

  /**
   * Checks that the lock is still ours: a driver that slept for minutes may have been taken for
   * dead. To be called before every step that others can see.
   *
   * @throws IllegalStateException if it is not
   */
  public void requireHeld() throws IOException {
    Optional<LockFiles.Newest> newest = files.newest();
    if (!isHeld(newest)) {
      throw new IllegalStateException(
          ("This run lost its lock on %s%s: it gave no sign of life for %d s or longer, or was"
                  + " replaced. It publishes nothing from here on; the same command continues.")
              .formatted(
                  path(),
                  newest
                      .filter(lock -> !lock.released())
                      .map(lock -> " to " + inWords(lock))
                      .orElse(""),
                  stale.toSeconds()));
    }
  }

  private void beat() {
    try {
      if (!run.isAlive()) {
        LOG.warn("The run that locked {} ended without releasing it; it is void soon", path());
        clock.shutdown();
      } else if (isHeld(files.newest())) {
        files.beat(epoch);
      } else {
        LOG.warn("This run lost its lock on {} and will publish nothing", path());
        clock.shutdown();
      }
    } catch (IOException | RuntimeException e) {
      if (clock.isShutdown()) {
        // Interrupted by close(), which needs no beat any more.
        return;
      }
      // The next may come through; if none does, requireHeld() finds out before anything counts.
      LOG.warn("No sign of life could be written for the lock of {}: {}", path(), e.toString());
    }
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
    if (isHeld(files.newest())) {
      files.release(epoch);
    }
  }

  private org.apache.hadoop.fs.Path path() {
    return files.table().path();
  }
}
