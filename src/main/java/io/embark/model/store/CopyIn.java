package io.embark.model.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies streams to files of this host, and logs progress when that takes long. */
final class CopyIn {
  private static final Logger LOG = LoggerFactory.getLogger(CopyIn.class);
  private static final long LOG_EVERY_NANOS = 10_000_000_000L;

  private CopyIn() {}

  /**
   * Copies one file, over an earlier attempt if there is one.
   *
   * @param length bytes wanted; -1 if nobody knows
   * @param from for messages
   * @throws IOException if other than that many bytes arrive
   * @throws Retries.LocalDiskException if this host cannot store them; before any is read, where
   *     their number is known
   */
  static void file(InputStream in, Path to, long length, String from) throws IOException {
    local(to, () -> Files.createDirectories(to.getParent()));
    requireSpace(to.getParent(), length - (Files.isRegularFile(to) ? Files.size(to) : 0), from);
    byte[] piece = new byte[1 << 17];
    long copied = 0;
    long logged = System.nanoTime();
    try (OutputStream out = local(to, () -> Files.newOutputStream(to))) {
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        Retries.requireNotInterrupted(null);
        int count = n;
        local(
            to,
            () -> {
              out.write(piece, 0, count);
              return null;
            });
        copied += n;
        if (System.nanoTime() - logged > LOG_EVERY_NANOS) {
          logged = System.nanoTime();
          LOG.info("Copying {}: {} of {} MB", from, copied >> 20, length < 0 ? "?" : length >> 20);
        }
      }
    }
    if (length >= 0 && copied != length) {
      throw new IOException("%s has %d bytes, %d arrived".formatted(from, length, copied));
    }
  }

  static void resource(URL from, Path to, String name) throws IOException {
    try (InputStream in = from.openStream()) {
      file(in, to, -1, name);
    }
  }

  private static <T> T local(Path to, CallableRaisingIOE<T> action) throws IOException {
    try {
      return action.apply();
    } catch (IOException e) {
      Retries.requireNotInterrupted(e);
      throw new Retries.LocalDiskException(
          "Cannot write %s: %s. %s".formatted(to, e.getMessage(), space(to)), e);
    }
  }

  /**
   * Checks that there is room before any of it is taken.
   *
   * @throws Retries.LocalDiskException if there is not
   */
  static void requireSpace(Path directory, long bytes, String name) throws IOException {
    if (Files.getFileStore(directory).getUsableSpace() < bytes) {
      throw new Retries.LocalDiskException(
          "Model %s takes %d bytes. %s".formatted(name, bytes, space(directory)), null);
    }
  }

  private static String space(Path path) throws IOException {
    Path there = path;
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    return "Free space at %s: %d bytes; set EMBARK_CACHE to a directory on a larger disk of this host."
        .formatted(there, Files.getFileStore(there).getUsableSpace());
  }
}
