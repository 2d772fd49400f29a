package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.Words;
import io.embark.embed.Status;
import io.embark.spark.column.Columns;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import picocli.CommandLine.IExitCodeGenerator;

/** Judges what was staged before anybody can read it. */
record QualityGate(EmbedPlan plan, Dataset<Row> staged) {
  private static final int EXAMPLES = 5;
  private static final int TEXT = 40;
  private static final int REASON = 120;

  /** Of a share of rows, in rows. */
  private static final double ROUNDING = 1e-6;

  /** Rows are not good enough to be published; the message says which limit was passed. */
  static final class Failed extends RuntimeException implements IExitCodeGenerator {
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
   * A limit on rows of a run.
   *
   * @param value a number of rows, or a fraction of all from 0 to 1
   * @param fraction which of the two
   */
  record RowLimit(double value, boolean fraction) {
    static RowLimit of(String text) {
      String stripped = text.strip();
      if (stripped.endsWith("%") || stripped.contains(".")) {
        return new RowLimit(parseFraction(text), true);
      }
      try {
        long rows = Long.parseLong(stripped);
        if (rows >= 0) {
          return new RowLimit(rows, false);
        }
      } catch (NumberFormatException e) {
        // Reported below together with numbers out of range.
      }
      throw new UserError(
          "found '%s', wanted a number of rows such as 10, or a share of them such as 0.1%%."
              .formatted(text));
    }

    /** Whether it was said that there is none. */
    boolean isAll() {
      return fraction && value >= 1;
    }

    boolean passedBy(long found, long rows) {
      // 29 of 100 is no more than 29 %, though 0.29 * 100 is less than 29.
      return found > (fraction ? value * rows + ROUNDING : value);
    }

    String inWords() {
      return fraction ? percent(value) : Words.of("%,d", (long) value);
    }
  }

  /** 0 to 1 from what people write: {@code 1%} or {@code 0.01}. */
  static double parseFraction(String text) {
    String stripped = text.strip();
    boolean percent = stripped.endsWith("%");
    try {
      double value =
          Double.parseDouble(percent ? stripped.substring(0, stripped.length() - 1) : stripped);
      // A bare 1 is more often 1 % than all of it.
      if (value >= 0 && (percent ? value <= 100 : value < 1)) {
        return percent ? value / 100 : value;
      }
    } catch (NumberFormatException e) {
      // Reported below together with numbers out of range.
    }
    throw new UserError("found '%s', wanted a share such as 1%% or 0.01.".formatted(text));
  }

  private static String percent(double fraction) {
    return Words.of("%.6f", 100 * fraction).replaceAll("\\.?0+$", "") + " %";
  }

  /** Throws {@link Failed}, naming each limit that was passed, with examples. */
  static void require(EmbedPlan plan, TableRun.Staged staged) {
    QualityGate gate = new QualityGate(plan, staged.rows());
    RunSummary summary = staged.summary();
    List<String> reasons = new ArrayList<>();
    double mostLost = plan.settings().get(EmbedSettings.MAX_LOST_TOKENS);
    if (summary.lostTokens() > mostLost) {
      reasons.add(
          Words.of(
              "%.2f %% of all tokens were lost to truncation, in %,d rows, where max-lost-tokens allows"
                  + " %s; a larger max-length, or chunk, would keep them. Worst: %s",
              100 * summary.lostTokens(),
              summary.totals().truncated(),
              percent(mostLost),
              gate.truncated()));
    }
    long failed = summary.failedRows();
    RowLimit mostFailed = plan.settings().get(EmbedSettings.MAX_FAILED_ROWS);
    if (mostFailed.passedBy(failed, summary.totals().rows())) {
      reasons.add(
          Words.of(
              "%,d of %,d rows failed, where max-failed-rows allows %s. Some: %s",
              failed, summary.totals().rows(), mostFailed.inWords(), gate.failed()));
    }
    RowLimit mostInvalid = plan.settings().get(EmbedSettings.MAX_INVALID_TEXT);
    if (mostInvalid.passedBy(staged.invalidTexts(), summary.totals().rows())) {
      reasons.add(
          Words.of(
              "%,d of %,d rows have U+FFFD in their text, where bytes were no UTF-8, and"
                  + " max-invalid-text allows %s. Some: %s",
              staged.invalidTexts(),
              summary.totals().rows(),
              mostInvalid.inWords(),
              gate.invalid()));
    }
    if (!reasons.isEmpty()) {
      throw new Failed(
          "Nothing was published: %s. What was embedded is kept; the same command with another limit publishes it without embedding anew."
              .formatted(String.join("; and ", reasons)));
    }
  }

  /** Rows that lost most tokens to truncation, most first. */
  private String truncated() {
    Column lost = account("token_count").minus(account("tokens_used"));
    return staged
        .where(account("truncated"))
        .orderBy(lost.desc())
        .select(name(), account("tokens_used"), account("token_count"))
        .limit(EXAMPLES)
        .collectAsList()
        .stream()
        .map(row -> Words.of("%s (%,d of %,d tokens)", name(row), row.getInt(1), row.getInt(2)))
        .collect(Collectors.joining(", "));
  }

  private static String shortened(String status) {
    return status.length() <= REASON ? status : status.substring(0, REASON) + "...";
  }

  /** Some rows that failed, with reasons. */
  private String failed() {
    return staged
        .where(account("status").startsWith(Status.FAILED.name()))
        .select(name(), account("status"))
        .limit(EXAMPLES)
        .collectAsList()
        .stream()
        .map(row -> "%s (%s)".formatted(name(row), shortened(row.getString(1))))
        .collect(Collectors.joining(", "));
  }

  /** Some rows with the character that stands for bytes that are no text. */
  private String invalid() {
    return staged
        .where(Columns.of(plan.textCol()).contains("\ufffd"))
        .select(name())
        .limit(EXAMPLES)
        .collectAsList()
        .stream()
        .map(this::name)
        .collect(Collectors.joining(", "));
  }

  /** A row's id, or the beginning of its text where it has none. */
  private Column name() {
    return plan.idCol() != null
        ? Columns.of(plan.idCol()).cast("string")
        : functions.substring(Columns.of(plan.textCol()), 1, TEXT);
  }

  private String name(Row row) {
    String value = row.isNullAt(0) ? "null" : row.getString(0);
    return plan.idCol() != null
        ? plan.idCol() + " " + value
        : "'" + value.replaceAll("\\s+", " ") + "...'";
  }

  private Column account(String name) {
    return Columns.of(plan.accountPrefix() + name);
  }
}
