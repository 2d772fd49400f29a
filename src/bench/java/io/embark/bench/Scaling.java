package io.embark.bench;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * The table of docs/scaling.md: large runs by {@link CostModel}, with what was measured of the host
 * and with the speed of a GPU as an assumption.
 */
final class Scaling {
  /** Fitted to host-ceiling-results.txt: the time of a row by its tokens is close to a line. */
  private static final double HOST_MICROS_PER_TOKEN = 0.39;

  private static final double HOST_MICROS_PER_ROW = 48;

  /** The share of reading in the same file, for each of three passes. */
  private static final double PASS_MICROS_PER_ROW = 6;

  private static final double START_SECONDS = 60;
  private static final double RUN_SECONDS = 10;

  /** An MLlib vector of 384 floats, with zstd at level 1 as the jobs write it. */
  private static final double VECTOR_BYTES = 1_909;

  private static final double TEXT_BYTES_PER_TOKEN = 4;
  private static final double STORAGE_BYTES_PER_SECOND_PER_PLACE = 100e6;
  private static final double[] ROWS = {1e8, 1e10};
  private static final double[] TOKENS_PER_ROW = {15, 54, 177};
  private static final int[] GPUS = {1, 8, 64, 512};

  private Scaling() {}

  /** The model with one assumption filled in. */
  static CostModel model(double gpuTokensPerSecond, int cores, double tokensPerRow, int places) {
    return new CostModel(
        gpuTokensPerSecond,
        cores,
        HOST_MICROS_PER_TOKEN,
        HOST_MICROS_PER_ROW,
        PASS_MICROS_PER_ROW,
        START_SECONDS,
        RUN_SECONDS,
        VECTOR_BYTES + TEXT_BYTES_PER_TOKEN * tokensPerRow,
        STORAGE_BYTES_PER_SECOND_PER_PLACE * places);
  }

  /**
   * Prints it.
   *
   * @param gpuTokensPerSecond speeds assumed of a GPU
   * @param cores that feed each
   * @param price of an hour of a GPU and its cores
   */
  static void print(PrintWriter out, List<Double> gpuTokensPerSecond, int cores, double price) {
    out.printf(
        Locale.ROOT,
        "%n%d cores a GPU; host %.2f us a token and %.0f us a row (MLlib vectors); an hour of a GPU"
            + " costs %.2f%n",
        cores,
        HOST_MICROS_PER_TOKEN,
        HOST_MICROS_PER_ROW,
        price);
    out.printf(
        "  %15s %14s %10s %6s %12s %10s %10s  %-10s%n",
        "rows", "tokens a row", "GPU tok/s", "GPUs", "time", "GPU hours", "cost", "bottleneck");
    for (double rows : ROWS) {
      for (double tokens : TOKENS_PER_ROW) {
        for (double speed : gpuTokensPerSecond) {
          for (int gpus : GPUS) {
            CostModel.Estimate run =
                model(speed, cores, tokens, gpus).estimate(rows, tokens, gpus, cores);
            double hours = run.total() * gpus / 3600;
            out.printf(
                Locale.ROOT,
                "  %,15.0f %14.0f %,10.0f %6d %12s %,10.1f %,10.2f  %-10s%n",
                rows,
                tokens,
                speed,
                gpus,
                duration(run.total()),
                hours,
                hours * price,
                run.bottleneck());
          }
        }
      }
    }
    out.flush();
  }

  private static String duration(double seconds) {
    return seconds < 3600
        ? String.format(Locale.ROOT, "%.1f min", seconds / 60)
        : seconds < 48 * 3600
            ? String.format(Locale.ROOT, "%.1f h", seconds / 3600)
            : String.format(Locale.ROOT, "%.1f days", seconds / 86_400);
  }
}
