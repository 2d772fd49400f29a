package io.embark.cli.embed;

import java.util.Locale;

/**
 * How far a run is.
 *
 * @param rows embedded so far
 * @param total rows to embed, or -1 if that is unknown
 * @param seconds since it began
 * @param failedTasks attempts at tasks that failed
 */
record ProgressState(long rows, long total, double seconds, int failedTasks) {
  /** Sooner nobody can tell how long it takes. */
  private static final double SETTLED_SECONDS = 5;

  double rowsPerSecond() {
    return seconds <= 0 ? 0 : rows / seconds;
  }

  /** Seconds that are left at the speed so far, or -1 if that cannot be told. */
  double secondsLeft() {
    return total < 0 || rows == 0 || seconds < SETTLED_SECONDS
        ? -1
        : (total - rows) / rowsPerSecond();
  }

  String inWords() {
    StringBuilder words = new StringBuilder(String.format(Locale.ROOT, "%,d", rows));
    if (total >= 0) {
      int percent = total == 0 ? 100 : (int) (100 * rows / total);
      words.append(String.format(Locale.ROOT, " of %,d rows (%d %%)", total, percent));
    } else {
      words.append(" rows");
    }
    words.append(String.format(Locale.ROOT, ", %,.0f rows/s", rowsPerSecond()));
    if (secondsLeft() >= 0) {
      words.append(", ").append(duration(secondsLeft())).append(" left");
    }
    if (failedTasks > 0) {
      words.append(String.format(Locale.ROOT, ", %,d failed tasks", failedTasks));
    }
    return words.toString();
  }

  /** As a person would say it: {@code 40 s}, {@code 12 min}, {@code 3 h 05 min}. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    long minutes = Math.round(seconds / 60);
    return minutes < 60
        ? minutes + " min"
        : String.format(Locale.ROOT, "%d h %02d min", minutes / 60, minutes % 60);
  }
}
