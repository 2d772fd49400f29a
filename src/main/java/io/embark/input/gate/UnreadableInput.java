package io.embark.input.gate;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkException;
import org.apache.spark.rdd.InputFileBlockHolder;

/**
 * A file that no reader can read, today or tomorrow: damaged, or not of its format. A task throws
 * it; the command ends with exit code 2, for running it again changes nothing.
 */
public final class UnreadableInput extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Code that looks at bytes it already has: what it does not like is in the file. */
  private static final List<String> READERS =
      List.of(
          "java.util.zip.",
          "org.apache.hadoop.io.compress.",
          "com.github.luben.zstd.",
          "org.xerial.snappy.",
          "io.airlift.compress.",
          "net.jpountz.",
          "org.apache.parquet.",
          "org.apache.orc.",
          "org.apache.hadoop.hive.",
          "org.apache.spark.sql.catalyst.csv.",
          "org.apache.spark.sql.execution.datasources.parquet.",
          "com.univocity.",
          "com.fasterxml.jackson.");

  public UnreadableInput(Path file, String reason, Throwable cause) {
    super(
        "input: %s cannot be read: %s. Put the file right, or leave it out."
            .formatted(file, reason.strip().replaceFirst("\\.$", "")),
        cause);
  }

  /** A value of the row that this task has read last. */
  public static UnreadableInput inCurrentFile(String reason) {
    return new UnreadableInput(
        new Path(InputFileBlockHolder.getInputFilePath().toString()), reason, null);
  }

  /** Throws what a reader said of a file: as this if it is the file's fault, else as it is. */
  public static RuntimeException of(Path file, Exception e) {
    if (e instanceof UnreadableInput || e instanceof ChangedInput) {
      return (RuntimeException) e;
    }
    Throwable reason = e;
    boolean malformed = isMalformed(e);
    Optional<String> calendar = OldCalendar.of(e);
    while (reason.getCause() != null) {
      reason = reason.getCause();
      calendar = calendar.isPresent() ? calendar : OldCalendar.of(reason);
      malformed |= isMalformed(reason);
    }
    if (malformed) {
      return new UnreadableInput(file, "malformed record: " + words(e, reason), e);
    }
    if (calendar.isPresent()) {
      // Without a cause: Spark would throw that one instead.
      return new UnreadableInput(file, calendar.get(), null);
    }
    return isDamage(reason) ? new UnreadableInput(file, words(reason), e) : Options.same(e);
  }

  private static boolean isMalformed(Throwable e) {
    return e instanceof SparkException
        && String.valueOf(e.getMessage()).contains("alformed records are detected");
  }

  private static boolean isDamage(Throwable e) {
    if (e instanceof ChecksumException || isOutside(e)) {
      return true;
    }
    if (e instanceof FileNotFoundException || e.getStackTrace().length == 0) {
      return false;
    }
    for (StackTraceElement frame : e.getStackTrace()) {
      String where = frame.getClassName();
      if (READERS.stream().anyMatch(where::startsWith)) {
        return true;
      }
      // Deeper down than the reader is the file system, whose failures may pass.
      if (!where.startsWith("java.") && !where.startsWith("jdk.") && !where.startsWith("scala.")) {
        return false;
      }
    }
    return false;
  }

  /** Whether a damaged file points to where it has no bytes. */
  private static boolean isOutside(Throwable e) {
    return e instanceof EOFException && String.valueOf(e.getMessage()).contains("seek");
  }

  private static String words(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** The record as Spark shows it, and what its parser said. */
  private static String words(Throwable e, Throwable reason) {
    String record =
        words(e)
            .replaceFirst("(?s)^.*?record parsing: ", "")
            .replaceFirst("(?s)\\.\\s*Parse Mode: .*$", "");
    return reason == e ? record : record + ": " + words(reason);
  }
}
