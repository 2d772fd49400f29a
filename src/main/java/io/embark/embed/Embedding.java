package io.embark.embed;

import io.embark.token.Tokens;

/**
 * What became of one text.
 *
 * @param vector {@code [dimension]}, or null unless {@code status} is OK
 * @param tokenCount tokens of the whole text with prompt and special tokens; 0 without a text
 * @param tokensUsed tokens the model saw; fewer than {@code tokenCount} when the text was cut
 * @param status why there is no vector, if there is none
 */
public record Embedding(float[] vector, int tokenCount, int tokensUsed, Status status) {

  static final Embedding OF_NULL = new Embedding(null, 0, 0, Status.NULL_TEXT);

  static Embedding of(Tokens tokens, float[] vector) {
    return new Embedding(vector, tokens.total(), tokens.used(), Status.OK);
  }

  static Embedding ofBlank(Tokens tokens) {
    return new Embedding(null, tokens.total(), tokens.used(), Status.BLANK_TEXT);
  }

  /** Whether the end of the text was cut off. */
  public boolean truncated() {
    return tokensUsed < tokenCount;
  }
}
