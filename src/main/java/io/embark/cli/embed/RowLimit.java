package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.Fraction;
import java.util.Locale;

/**
 * How many rows of a run may be so and so.
 *
 * @param value a number of rows, or a share of all from 0 to 1
 * @param share which of the two
 */
record RowLimit(double value, boolean share) {

  static RowLimit of(String text) {
    String stripped = text.strip();
    if (stripped.endsWith("%") || stripped.contains(".")) {
      return new RowLimit(Fraction.of(text), true);
    }
    try {
      int rows = Integer.parseInt(stripped);
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

  boolean passedBy(long found, long rows) {
    return share ? found > value * rows : found > value;
  }

  String inWords() {
    return share ? Fraction.inWords(value) : String.format(Locale.ROOT, "%,d", (long) value);
  }
}
