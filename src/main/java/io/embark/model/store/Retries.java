package io.embark.model.store;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded number of attempts, with doubling pauses, at what may work later. What is missing or
 * forbidden stays so, and what this host cannot store is not the other side's doing.
 *
 * @param firstPause milliseconds
 */
record Retries(int attempts, long firstPause) {
  private static final Logger LOG = LoggerFactory.getLogger(Retries.class);

  /** On top of what the file system's own client does. */
  static final Retries USUAL = new Retries(4, 1_000);

  /** The disk here failed, not the network. */
  static final class LocalDiskException extends IOException {
    private static final long serialVersionUID = 1;

    LocalDiskException(String message, IOException cause) {
      super(message, cause);
    }
  }

  /**
   * Reads, again if need be.
   *
   * @param what for the log: {@code copying hdfs://...}
   * @throws InterruptedIOException as soon as the thread is interrupted
   */
  <T> T read(String what, CallableRaisingIOE<T> read) throws IOException {
    long pause = firstPause;
    for (int attempt = 1; ; attempt++) {
      try {
        return read.apply();
      } catch (IOException e) {
        requireNotInterrupted(e);
        if (attempt == attempts || !mayPass(e)) {
          throw e;
        }
        LOG.warn(
            "{} failed ({}), attempt {} of {}; trying again in {} ms",
            what,
            e.toString(),
            attempt,
            attempts,
            pause);
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        requireNotInterrupted(e);
      }
      pause *= 2;
    }
  }

  /** Whether the same request may succeed later. */
  static boolean mayPass(IOException e) {
    return !(e instanceof FileNotFoundException
        || e instanceof NoSuchFileException
        || e instanceof AccessDeniedException
        || e instanceof AccessControlException
        || e instanceof LocalDiskException
        || e instanceof UnsupportedFileSystemException);
  }

  /** A killed task must not go on copying. */
  static void requireNotInterrupted(Exception cause) throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      InterruptedIOException interrupted =
          new InterruptedIOException("interrupted while fetching a model");
      interrupted.initCause(cause);
      throw interrupted;
    }
  }
}
