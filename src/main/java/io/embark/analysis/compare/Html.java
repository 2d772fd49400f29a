package io.embark.analysis.compare;

/** Text as a browser shows it, whatever is in it. */
final class Html {
  private Html() {}

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
