package io.embark.analysis.compare;

import java.util.Arrays;
import java.util.Locale;

/** HTML or SVG markup that shows any text as it is, whatever is in it. */
final class Html {
  private final StringBuilder markup = new StringBuilder();

  /**
   * @param format markup of our own, as of {@link String#format(Locale, String, Object...)}
   * @param values text, which is escaped; numbers; and {@code Html}, which is put in as it is
   */
  Html add(String format, Object... values) {
    Object[] escaped =
        Arrays.stream(values).map(v -> v instanceof String text ? escape(text) : v).toArray();
    markup.append(String.format(Locale.ROOT, format, escaped));
    return this;
  }

  @Override
  public String toString() {
    return markup.toString();
  }

  /** For text between tags and in quoted attributes. */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(shown(c) ? c : 0xFFFD);
              }
            });
    return escaped.toString();
  }

  /** HTML has no control characters but white space, and no lone surrogates. */
  private static boolean shown(int c) {
    boolean control = c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c >= 0x7F && c < 0xA0;
    return !control && !(c >= 0xD800 && c <= 0xDFFF);
  }
}
