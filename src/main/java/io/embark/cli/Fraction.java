package io.embark.cli;

import io.embark.UserError;
import java.util.Locale;

/** A share as people write it: {@code 1%} or {@code 0.01}. */
public final class Fraction {
  private Fraction() {}

  /**
   * @return 0 to 1
   * @throws UserError if it is none, or if it is not clear which is meant
   */
  public static double of(String text) {
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

  public static String inWords(double share) {
    String percent = String.format(Locale.ROOT, "%.6f", 100 * share);
    return percent.replaceAll("\\.?0+$", "") + " %";
  }
}
