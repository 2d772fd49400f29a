package io.embark.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.Locale;

/**
 * The output of a command for people: numbers look the same in every locale, and each line goes out
 * at once.
 */
public final class Words extends PrintWriter {
  public Words(Writer out) {
    super(out, true);
  }

  /** As {@link String#format} has it, in no locale. */
  public static String of(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  @Override
  public PrintWriter format(String format, Object... values) {
    return format(Locale.ROOT, format, values);
  }
}
