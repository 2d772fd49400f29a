package io.embark.job;

import io.embark.embed.Status;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Judges what was embedded before anybody can read it. */
final class QualityGate {
  /** What a row can be without anything having gone wrong. */
  private static final Set<Status> IN_ORDER =
      EnumSet.of(Status.OK, Status.NULL_TEXT, Status.BLANK_TEXT);

  private QualityGate() {}

  /** Rows are not good enough to be published. */
  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failed(String message) {
      super(message);
    }
  }

  /**
   * @throws Failed naming each limit that was passed
   */
  static void require(JobSettings settings, RunSummary summary) {
    List<String> reasons = new ArrayList<>();
    double lost = 100 * summary.lostTokens();
    double mostLost = settings.get(EmbedSettings.MAX_LOST_TOKENS);
    if (lost > mostLost) {
      reasons.add(
          String.format(
              Locale.ROOT,
              "%.2f %% of all tokens were lost to truncation, in %,d rows; max-lost-tokens is %s %%"
                  + " (a larger max-length, or chunks, would keep them)",
              lost,
              summary.truncated(),
              settings.get(EmbedSettings.MAX_LOST_TOKENS)));
    }
    long failed = failedRows(summary);
    if (failed > settings.get(EmbedSettings.MAX_FAILED_ROWS)) {
      reasons.add(
          "%,d rows failed; max-failed-rows is %,d"
              .formatted(failed, settings.get(EmbedSettings.MAX_FAILED_ROWS)));
    }
    if (!reasons.isEmpty()) {
      throw new Failed(
          "Nothing was published: %s. What was embedded is kept; the same command with another limit publishes it without embedding anew."
              .formatted(String.join("; ", reasons)));
    }
  }

  static long failedRows(RunSummary summary) {
    return summary.byStatus().entrySet().stream()
        .filter(e -> !IN_ORDER.contains(e.getKey()))
        .mapToLong(e -> e.getValue())
        .sum();
  }
}
