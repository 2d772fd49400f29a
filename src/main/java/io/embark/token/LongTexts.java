package io.embark.token;

import java.util.function.Consumer;

/** Cuts up texts for Hugging Face's library, which needs hundreds of bytes for each character. */
final class LongTexts {
  /** The most chars of a piece. */
  static final int PIECE = 1 << 16;

  private LongTexts() {}

  /**
   * Hands out the pieces of a text, in order. Cuts come, where there is one, before a single space
   * between letters or digits, at which tokenizers of every kind begin a token, and never within a
   * code point. A word that is longer than a piece is cut anywhere, and counts as several.
   */
  static void pieces(String text, Consumer<String> piece) {
    int from = 0;
    while (text.length() - from > PIECE) {
      int end = end(text, from);
      piece.accept(text.substring(from, end));
      from = end;
    }
    piece.accept(from == 0 ? text : text.substring(from));
  }

  private static int end(String text, int from) {
    int most = from + PIECE;
    int space = 0;
    for (int at = most; at > from + PIECE / 2; at--) {
      if (Character.isWhitespace(text.charAt(at))) {
        if (text.charAt(at) == ' '
            && Character.isLetterOrDigit(text.charAt(at - 1))
            && at + 1 < text.length()
            && Character.isLetterOrDigit(text.charAt(at + 1))) {
          return at;
        }
        space = Math.max(space, at);
      }
    }
    if (space > 0) {
      return space;
    }
    boolean within =
        Character.isHighSurrogate(text.charAt(most - 1))
            && Character.isLowSurrogate(text.charAt(most));
    return within ? most - 1 : most;
  }
}
