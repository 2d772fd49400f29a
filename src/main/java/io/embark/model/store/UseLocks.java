package io.embark.model.store;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.util.functional.InvocationRaisingIOE;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * File locks on the cached models that processes of this host use. A process that opened a model
 * holds a shared lock on it until it ends, however it ends; to remove a model takes an exclusive
 * one.
 */
final class UseLocks {
  private static final Logger LOG = LoggerFactory.getLogger(UseLocks.class);
  private static final long POLL_MILLIS = 20;

  /** A second channel on a file would give up the first one's lock when it is closed. */
  private static final Map<Path, FileLock> HELD = new HashMap<>();

  private UseLocks() {}

  /**
   * Marks a model as used from now until this JVM ends. In a cache that cannot be written to nobody
   * removes anything, and nothing is marked.
   */
  static void hold(Path file) throws IOException {
    synchronized (HELD) {
      if (!HELD.containsKey(file)) {
        FileChannel channel;
        try {
          channel = FileChannel.open(file, CREATE, READ, WRITE);
        } catch (IOException e) {
          LOG.debug("No use lock for a model in a cache that is read only: {}", e.toString());
          return;
        }
        HELD.put(file, share(channel));
      }
    }
    touch(times(file));
  }

  /**
   * A file beside the lock whose time is that of the last use. Setting the time of the lock itself
   * opens and closes it, and so gives up the lock.
   */
  private static Path times(Path file) {
    return file.resolveSibling(file.getFileName() + "-time");
  }

  private static FileLock share(FileChannel channel) throws IOException {
    // An exclusive lock is held for as long as removing the model takes, which is one rename.
    while (true) {
      FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true);
      if (lock != null) {
        return lock;
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        channel.close();
        Thread.currentThread().interrupt();
        Retries.requireNotInterrupted(e);
      }
    }
  }

  private static void touch(Path file) {
    try {
      Files.write(file, new byte[0]);
      Files.setLastModifiedTime(file, FileTime.fromMillis(System.currentTimeMillis()));
    } catch (IOException e) {
      LOG.debug("The time of last use of {} stays as it is: {}", file, e.toString());
    }
  }

  /** When some process last opened the model; the beginning of time if none did. */
  static FileTime lastUse(Path file) {
    try {
      return Files.getLastModifiedTime(times(file));
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  /** Removes a model if no process uses it, and says whether it did. */
  static boolean ifUnused(Path file, InvocationRaisingIOE removal) throws IOException {
    synchronized (HELD) {
      if (HELD.containsKey(file)) {
        return false;
      }
      try (FileChannel channel = FileChannel.open(file, CREATE, WRITE);
          FileLock lock = channel.tryLock()) {
        if (lock == null) {
          return false;
        }
        removal.apply();
        return true;
      }
    }
  }

  /** Forgets what this JVM uses, as if it had ended; for tests. */
  static void releaseAll() throws IOException {
    synchronized (HELD) {
      for (FileLock lock : HELD.values()) {
        lock.channel().close();
      }
      HELD.clear();
    }
  }
}
