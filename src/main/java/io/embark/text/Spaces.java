package io.embark.text;

/**
 * White space, that of all scripts and the kinds that do not break lines among it: what Python's
 * {@code str.isspace} calls so.
 */
public final class Spaces {
  private Spaces() {}

  /** Java counts the next-line character among controls only. */
  private static final char NEXT_LINE = '\u0085';

  static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == NEXT_LINE;
  }

  /** A text without the white space around it. */
  public static String stripped(String text) {
    int from = skip(text, 0);
    int to = Math.max(from, skipBack(text, text.length()));
    return text.substring(from, to);
  }

  /** The first position from {@code at} on that is not white space, or the text's length. */
  static int skip(String text, int at) {
    int found = at;
    while (found < text.length() && isSpace(text.charAt(found))) {
      found++;
    }
    return found;
  }

  /** The last position up to {@code at} that has no white space right before it, or 0. */
  static int skipBack(String text, int at) {
    int found = at;
    while (found > 0 && isSpace(text.charAt(found - 1))) {
      found--;
    }
    return found;
  }
}
