package io.embark.embed;

/** Tells texts without content from others. */
final class BlankText {
  private BlankText() {}

  /**
   * Whether a text shows nothing: every character is whitespace, a space of any script, a control
   * or a format character. More than {@link String#isBlank}, which knows no-break spaces not.
   */
  static boolean isBlank(String text) {
    return text.codePoints()
        .allMatch(
            c ->
                Character.isWhitespace(c)
                    || Character.isSpaceChar(c)
                    || Character.isISOControl(c)
                    || Character.getType(c) == Character.FORMAT);
  }
}
