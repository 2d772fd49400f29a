package io.embark.token;

/** Text to token ids. Safe for use by several threads at once. */
public interface Tokenizer extends AutoCloseable {

  /**
   * Tokenises one text, adding the model's special tokens and cutting the text's end so that at
   * most {@link #maxLength()} tokens remain. Any string is accepted; a lone surrogate is read as
   * U+FFFD.
   *
   * @throws IllegalStateException after {@link #close()}, or if the tokenizer's file is such that
   *     it fails on this text
   */
  Tokens encode(String text);

  /**
   * Where the tokens of a whole text stand in it, nothing cut and no special tokens added. Takes
   * some hundred bytes per char while it runs, so long texts come in pieces.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  TokenSpans spans(String text);

  /** The most tokens {@link #encode} returns, special tokens included. */
  int maxLength();

  /** Special tokens before every text ({@code [CLS]}). */
  int specialPrefix();

  /** Special tokens after every text ({@code [SEP]}). */
  int specialSuffix();

  /**
   * The id of the token that stands for what the vocabulary lacks ({@code [UNK]}); -1 if there is
   * none.
   */
  default long unknownId() {
    return TokenizerJson.NONE;
  }

  /** Tokens that every text gets regardless of its content. */
  default int specialTokens() {
    return specialPrefix() + specialSuffix();
  }

  @Override
  void close();
}
