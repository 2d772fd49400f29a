package io.embark.cli.embed;

import io.embark.cli.ExitCode;
import io.embark.cli.Fraction;
import io.embark.cli.JobSettings;
import io.embark.embed.Status;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.IExitCodeGenerator;

/** Judges what was embedded before anybody can read it. */
public final class QualityGate {
  /** What a row can be without anything having gone wrong. */
  private static final Set<Status> IN_ORDER =
      EnumSet.of(Status.OK, Status.NULL_TEXT, Status.BLANK_TEXT);

  private QualityGate() {}

  /** Rows are not good enough to be published; the message says which limit was passed. */
  public static final class Failed extends RuntimeException implements IExitCodeGenerator {
    private static final long serialVersionUID = 1;

    Failed(String message) {
      super(message);
    }

    @Override
    public int getExitCode() {
      return ExitCode.QUALITY;
    }
  }

  /**
   * @param worst where examples are found
   * @throws Failed naming each limit that was passed, with examples
   */
  static void require(JobSettings settings, RunSummary summary, WorstRows worst) {
    List<String> reasons = new ArrayList<>();
    double mostLost = settings.get(EmbedSettings.MAX_LOST_TOKENS);
    if (summary.lostTokens() > mostLost) {
      reasons.add(
          String.format(
              Locale.ROOT,
              "%.2f %% of all tokens were lost to truncation, in %,d rows, where max-lost-tokens allows"
                  + " %s; a larger max-length, or chunk, would keep them. Worst: %s",
              100 * summary.lostTokens(),
              summary.truncated(),
              Fraction.inWords(mostLost),
              String.join(", ", worst.truncated())));
    }
    long failed = failedRows(summary);
    RowLimit mostFailed = settings.get(EmbedSettings.MAX_FAILED_ROWS);
    if (mostFailed.passedBy(failed, summary.rows())) {
      reasons.add(
          String.format(
              Locale.ROOT,
              "%,d of %,d rows failed, where max-failed-rows allows %s. Some: %s",
              failed,
              summary.rows(),
              mostFailed.inWords(),
              String.join(", ", worst.failed())));
    }
    if (!reasons.isEmpty()) {
      throw new Failed(
          "Nothing was published: %s. What was embedded is kept; the same command with another limit publishes it without embedding anew."
              .formatted(String.join("; and ", reasons)));
    }
  }

  static long failedRows(RunSummary summary) {
    return summary.byStatus().entrySet().stream()
        .filter(e -> !IN_ORDER.contains(e.getKey()))
        .mapToLong(e -> e.getValue())
        .sum();
  }
}
