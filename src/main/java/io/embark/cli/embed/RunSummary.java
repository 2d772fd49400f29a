package io.embark.cli.embed;

import io.embark.embed.Status;
import io.embark.spark.parquet.RowTotals;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/**
 * The outcome of a run.
 *
 * @param rowsRead rows that came in
 * @param rows rows that went out
 * @param documents rows that came in and are found among those that went out; fewer than {@code
 *     rows} where chunks have rows of their own
 * @param byStatus rows by status; their sum is {@code rows}
 * @param truncated rows whose text was cut
 * @param tokens tokens that the model saw
 * @param allTokens tokens of the whole texts
 * @param unknownTokens mean over the rows of the fraction of tokens the vocabulary lacks, 0 to 1
 * @param metrics what it took
 * @param resumed rows that an earlier attempt had embedded; the metrics do not count them
 */
record RunSummary(
    long rowsRead,
    long rows,
    long documents,
    Map<Status, Long> byStatus,
    long truncated,
    long tokens,
    long allTokens,
    double unknownTokens,
    RunMetrics metrics,
    long resumed) {

  static RunSummary of(long rowsRead, RowTotals totals, RunMetrics metrics, long resumed) {
    long rows = totals.rows();
    return new RunSummary(
        rowsRead,
        rows,
        totals.documents(),
        totals.byStatus(),
        totals.truncated(),
        totals.tokens(),
        totals.allTokens(),
        rows == 0 ? 0 : totals.unknownMillionths() / 1e6 / rows,
        metrics,
        resumed);
  }

  /** The fraction of tokens that truncation cut off, 0 to 1. */
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
    if (unknownTokens > 0) {
      line.append(format("; %.2f %% of tokens unknown to the model", 100 * unknownTokens));
    }
    out.println(line);
    metrics.print(out, totalSeconds);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
