package io.embark.job;

import io.embark.embed.Status;
import io.embark.spark.EmbeddingMetrics;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/**
 * What came of a run.
 *
 * @param rowsRead rows that came in
 * @param rows rows that went out
 * @param documents rows that came in and are found among those that went out; fewer than {@code
 *     rows} where chunks have rows of their own
 * @param byStatus rows by status; their sum is {@code rows}
 * @param truncated rows whose text was cut
 * @param tokens tokens that the model saw
 * @param allTokens tokens of the whole texts
 * @param padding share of padding in what the model computed, 0 to 1
 * @param halvings batches that did not fit into memory and were halved
 * @param seconds from the first task to the last
 * @param tokenizeSeconds task seconds spent on reading and tokenising
 * @param modelSeconds task seconds spent in the model and on pooling
 * @param resumed rows that an earlier attempt had embedded; the times do not count them
 */
record RunSummary(
    long rowsRead,
    long rows,
    long documents,
    Map<Status, Long> byStatus,
    long truncated,
    long tokens,
    long allTokens,
    double padding,
    long halvings,
    double seconds,
    double tokenizeSeconds,
    double modelSeconds,
    long resumed) {

  static RunSummary of(
      long rowsRead,
      Map<String, Object> counts,
      EmbeddingMetrics metrics,
      double seconds,
      long resumed) {
    Map<Status, Long> byStatus = new EnumMap<>(Status.class);
    for (Status status : Status.values()) {
      byStatus.put(status, (Long) counts.get(status.name()));
    }
    return new RunSummary(
        rowsRead,
        (Long) counts.get("rows"),
        (Long) counts.get("documents"),
        byStatus,
        (Long) counts.get("truncated"),
        (Long) counts.get("tokens"),
        (Long) counts.get("allTokens"),
        metrics.padding(),
        metrics.halvings(),
        seconds,
        metrics.readSeconds() + metrics.tokenizeSeconds(),
        metrics.modelSeconds(),
        resumed);
  }

  /** The share of tokens that truncation cut off, 0 to 1. */
  double lostTokens() {
    return allTokens == 0 ? 0 : 1 - (double) tokens / allTokens;
  }

  /**
   * @param totalSeconds including start and checks
   */
  void print(PrintWriter out, Path output, double totalSeconds) {
    out.println();
    out.println("Wrote " + output);
    StringBuilder line = new StringBuilder(format("%,d rows", rows));
    if (documents != rows) {
      line.append(format(" of %,d documents", documents));
    }
    byStatus.forEach(
        (status, count) -> {
          if (status != Status.OK && count > 0) {
            line.append(format(", %,d %s", count, status));
          }
        });
    line.append(
        format(
            "; %,d cut at the maximum length (%.1f %% of tokens lost)",
            truncated, 100 * lostTokens()));
    out.println(line);
    if (halvings > 0) {
      out.println(
          format(
              "Memory did not suffice %,d times: batches were halved (see the executors' logs for the"
                  + " budget that fits)",
              halvings));
    }
    out.println(
        format(
            "%.1f s of work: %,.1f rows/s, %,.0f tokens/s; padding %.1f %%; task time: %.1f s model,"
                + " %.1f s reading and tokenising; %.1f s in all since the session started",
            seconds,
            Math.max(0, rows - resumed) / seconds,
            rows == 0 ? 0 : tokens * (1 - (double) Math.min(rows, resumed) / rows) / seconds,
            100 * padding,
            modelSeconds,
            tokenizeSeconds,
            totalSeconds));
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
