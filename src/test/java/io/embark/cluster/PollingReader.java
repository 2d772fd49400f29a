package io.embark.cluster;

import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Reads a table over and over while others write it, and remembers the first time that what it
 * found was no version of the table.
 */
final class PollingReader implements AutoCloseable {
  private static final int PAUSE_MILLIS = 150;

  private final Path table;
  private final Thread thread = new Thread(this::run, "reader");
  private List<String> old;
  private List<String> next;
  private boolean nextSeen;
  private String wrong;
  private int reads;
  private int readsAtRest;
  private int missing;
  private volatile boolean closed;

  PollingReader(Path table) {
    this.table = table;
    thread.start();
  }

  /** Tells what may be found: the version from now on the old one, or, at any time, the next. */
  synchronized void expect(List<String> before, List<String> after) {
    old = before;
    next = after;
    nextSeen = false;
  }

  /** What was wrong, or null. */
  synchronized String wrong() {
    return wrong;
  }

  /** How often it looked, in words. */
  synchronized String inWords() {
    return "%d reads of the current version (%d times a file was gone), %d of the files at rest"
        .formatted(reads, missing, readsAtRest);
  }

  private void run() {
    while (!closed) {
      try {
        poll();
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException e) {
        if (!closed) {
          fail("reading failed: " + e);
        }
      }
    }
  }

  private void poll() throws IOException {
    List<String> before;
    synchronized (this) {
      before = next;
    }
    if (before == null) {
      return;
    }
    String success = success();
    try {
      List<String> files = success == null ? null : sorted(LocalSpark.session().read());
      if (files != null && success.equals(success())) {
        check(before, files, "the files at rest");
      }
    } catch (IOException | RuntimeException e) {
      if (success != null && success.equals(success()) || !isMissingFile(e)) {
        throw e;
      }
    }
    try {
      check(before, sorted(Embark.read(LocalSpark.session(), table.toString())), "Embark.read");
    } catch (IllegalArgumentException e) {
      if (!e.getMessage().startsWith("No table of Embark's")) {
        throw e;
      }
      check(before, null, "Embark.read");
    } catch (RuntimeException e) {
      if (!isMissingFile(e)) {
        throw e;
      }
      // As documented: a file went before it was read.
      synchronized (this) {
        missing++;
      }
    }
  }

  /** Identifies the marker; null without one, as while files come and go. */
  private String success() throws IOException {
    try {
      Path file = table.resolve("_SUCCESS");
      return Files.getAttribute(file, "unix:ino") + " " + Files.getLastModifiedTime(file);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private synchronized void check(List<String> expectedNext, List<String> found, String how) {
    if (expectedNext != next) {
      // Told of another day meanwhile.
      return;
    }
    if (how.equals("Embark.read")) {
      reads++;
    } else {
      readsAtRest++;
    }
    if (next.equals(found)) {
      nextSeen = true;
    } else if (nextSeen || !(old == null ? found == null : old.equals(found))) {
      fail(
          "%s found %s, which is neither the version of %s nor, of %d rows, the next%s"
              .formatted(
                  how,
                  found == null ? "nothing" : found.size() + " rows",
                  old == null ? "no rows" : old.size() + " rows",
                  next.size(),
                  nextSeen ? ", which had been seen" : ""));
    }
  }

  private synchronized void fail(String what) {
    if (wrong == null) {
      wrong = what;
    }
  }

  private List<String> sorted(org.apache.spark.sql.DataFrameReader reader) {
    return sorted(reader.parquet(table.toString()));
  }

  /** The rows of a table as {@link ChangingInput#row} has them. */
  static List<String> sorted(Dataset<Row> rows) {
    return rows.select("id", "text", "embedding").collectAsList().stream()
        .map(r -> ChangingInput.row(r.getLong(0), r.getString(1), floats(r.getList(2))))
        .sorted()
        .toList();
  }

  private static float[] floats(List<Float> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }

  private static boolean isMissingFile(Throwable e) {
    return Stream.iterate(e, cause -> cause != null, Throwable::getCause)
        .anyMatch(cause -> cause instanceof FileNotFoundException);
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join(30_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
