package io.embark.token;

import java.util.Arrays;

/** Text to token ids. Safe for use by several threads at once. */
public interface Tokenizer extends AutoCloseable {
  /**
   * Tokenises one text, adds special tokens and cuts its end so that {@link #maxLength()} remain.
   * Any string is accepted; a lone surrogate is read as U+FFFD.
   *
   * @throws IllegalStateException after {@link #close()}, or if the tokenizer fails on this text
   */
  Tokens encode(String text);

  /**
   * Where the tokens of a whole text stand in it, nothing cut and no special tokens added. Takes
   * some hundred bytes per char while it runs, so long texts come in pieces.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  TokenSpans spans(String text);

  /**
   * The places of the tokens of a text in it, in chars. A token that stands for no characters of
   * its own begins and ends where the one before it ends.
   *
   * @param starts first char of each token; never decreasing
   * @param ends one past the last char of each token
   */
  record TokenSpans(int[] starts, int[] ends) {
    public int size() {
      return starts.length;
    }

    /** The first token that begins at or behind a char; {@link #size()} if there is none. */
    public int firstFrom(int position) {
      int found = Arrays.binarySearch(starts, position);
      if (found < 0) {
        return -found - 1;
      }
      while (found > 0 && starts[found - 1] == position) {
        found--;
      }
      return found;
    }
  }

  /** The most tokens {@link #encode} returns, special tokens included. */
  int maxLength();

  /** Special tokens before every text ({@code [CLS]}). */
  int specialPrefix();

  /** Special tokens after every text ({@code [SEP]}). */
  int specialSuffix();

  /** The id of what stands for words that the vocabulary lacks ({@code [UNK]}); -1 for none. */
  default long unknownId() {
    return TokenizerJson.NONE;
  }

  /** Whether a token is special by a name, as separators and the end of a text are. */
  default boolean isSpecial(long id) {
    return false;
  }

  default int specialTokens() {
    return specialPrefix() + specialSuffix();
  }

  @Override
  void close();
}
