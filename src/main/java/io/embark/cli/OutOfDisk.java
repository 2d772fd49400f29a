package io.embark.cli;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Recognises a full disk among the causes of a failure, and names the disk and the way out. */
final class OutOfDisk {
  /** What local disks, quotas, and HDFS say. */
  private static final Pattern FULL =
      Pattern.compile(
          "No space left on device|Disk quota exceeded|There is not enough space on the disk"
              + "|DSQuotaExceededException|DiskOutOfSpaceException");

  /** Where Spark writes what is not output. */
  private static final List<String> LOCAL =
      List.of(
          "org.apache.spark.shuffle.", "org.apache.spark.storage.", "/blockmgr-", "/spark-local");

  /** Lines of a stack that tell who was writing. */
  private static final int FRAMES = 20;

  private static final Pattern HOST = Pattern.compile("\\(TID \\d+\\) \\(([^ )]+) executor ");

  private OutOfDisk() {}

  /** A sentence for the user, if a full disk is why {@code e} was thrown. */
  static Optional<String> in(Throwable e) {
    StringBuilder all = new StringBuilder();
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      // What an executor threw comes as text, with its stack.
      all.append(cause).append('\n');
      for (StackTraceElement frame : cause.getStackTrace()) {
        all.append(frame).append('\n');
      }
    }
    Matcher full = FULL.matcher(all);
    int last = -1;
    while (full.find()) {
      last = full.start();
    }
    if (last < 0) {
      return Optional.empty();
    }
    String writing = all.substring(last).lines().limit(FRAMES).collect(Collectors.joining("\n"));
    Matcher host = HOST.matcher(all);
    String where = host.find() ? " on " + host.group(1) : "";
    String disk =
        LOCAL.stream().anyMatch(writing::contains)
            ? "spark.local.dir, where Spark keeps shuffles and what does not fit into memory,"
            : "the output";
    return Optional.of(
        "The disk of %s is full%s. Free some space and run the same command again; an embed job goes on from the slices that are done."
            .formatted(disk, where));
  }
}
