package io.embark.model.store;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A lock between all threads of all processes of this host. A process that dies releases it. */
final class HostLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostLock.class);
  private static final long POLL_MILLIS = 50;
  private static final long LOG_AFTER_MILLIS = 10_000;

  /** File locks belong to the whole JVM, so threads need a lock of their own. */
  private static final Map<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  private final ReentrantLock thread;
  private final FileChannel channel;

  private HostLock(ReentrantLock thread, FileChannel channel) {
    this.thread = thread;
    this.channel = channel;
  }

  /**
   * Waits for the lock.
   *
   * @param file made if missing, never removed
   * @param what for the log: whom others are waiting for
   * @throws InterruptedIOException if the thread is interrupted
   */
  static HostLock wait(Path file, String what) throws IOException {
    ReentrantLock thread = THREADS.computeIfAbsent(file, f -> new ReentrantLock());
    long start = System.currentTimeMillis();
    boolean logged = false;
    try {
      thread.lockInterruptibly();
      while (true) {
        Optional<HostLock> lock = tryFile(thread, file);
        if (lock.isPresent()) {
          return lock.get();
        }
        if (!logged && System.currentTimeMillis() - start > LOG_AFTER_MILLIS) {
          LOG.info("Waiting for another process on this host: {}", what);
          logged = true;
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      if (thread.isHeldByCurrentThread()) {
        thread.unlock();
      }
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting: " + what);
    }
  }

  /** Runs an action under the lock; false, without running it, if somebody has the lock. */
  static boolean ifFree(Path file, CallableRaisingIOE<Boolean> action) throws IOException {
    ReentrantLock thread = THREADS.computeIfAbsent(file, f -> new ReentrantLock());
    if (thread.isHeldByCurrentThread() || !thread.tryLock()) {
      return false;
    }
    Optional<HostLock> lock = tryFile(thread, file);
    if (lock.isEmpty()) {
      thread.unlock();
      return false;
    }
    try {
      return action.apply();
    } finally {
      lock.get().close();
    }
  }

  private static Optional<HostLock> tryFile(ReentrantLock thread, Path file) throws IOException {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return Optional.of(new HostLock(thread, channel));
      }
      channel.close();
      return Optional.empty();
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
      }
      thread.unlock();
      Retries.requireNotInterrupted(e);
      if (e instanceof AccessDeniedException) {
        throw new IOException(
            ("Cannot lock %s: user %s may not write there, and the model it is needed for is not in"
                    + " the cache or may not be read. Fill the cache as a user whose files others"
                    + " may read, or set EMBARK_CACHE to a directory of this user.")
                .formatted(file, System.getProperty("user.name")),
            e);
      }
      throw new IOException(
          ("Cannot lock %s: %s. The model cache must lie on a disk of this host that has file"
                  + " locks; set EMBARK_CACHE to such a directory.")
              .formatted(file, e),
          e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      thread.unlock();
    }
  }
}
