package io.embark.cli;

/** The beginning of a text, for a person to recognise it by. */
public final class Excerpt {
  private static final int WIDTH = 76;

  private Excerpt() {}

  /** {@link #of} a text, in quotation marks. */
  public static String quoted(String text) {
    return "\"" + of(text) + "\"";
  }

  /** One line of at most 76 characters, none of which steers a terminal; null as a word. */
  public static String of(String text) {
    if (text == null) {
      return "null";
    }
    String line = text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    return line.codePointCount(0, line.length()) <= WIDTH
        ? line
        : line.substring(0, line.offsetByCodePoints(0, WIDTH - 1)) + "…";
  }
}
