package io.embark.embed;

import io.embark.token.Tokens;
import java.util.Arrays;

/**
 * A text's vectors, or the reason why it has none, with an account of its tokens.
 *
 * @param vectors one vector per pooling asked for, in that order, or null unless {@code status} is
 *     OK
 * @param tokenStates the state of every token the model saw, {@code [tokensUsed][hiddenSize]}; null
 *     unless asked for and {@code status} is OK
 * @param tokenCount tokens of the whole text with prompt and special tokens; 0 without a text
 * @param tokensUsed tokens the model saw; fewer than {@code tokenCount} when the text was cut
 * @param unknownTokenRatio the fraction of tokens the model saw, special ones and the prompt's not
 *     counted, that stand for what its vocabulary lacks, 0 to 1
 * @param status why there is no vector, if there is none
 * @param failure why the model failed; null unless {@code status} is FAILED
 */
public record Embedding(
    float[][] vectors,
    float[][] tokenStates,
    int tokenCount,
    int tokensUsed,
    double unknownTokenRatio,
    Status status,
    String failure) {

  static final Embedding OF_NULL = new Embedding(null, null, 0, 0, 0, Status.NULL_TEXT, null);

  static Embedding of(Tokens tokens, double unknown, float[][] vectors, float[][] tokenStates) {
    return new Embedding(
        vectors, tokenStates, tokens.total(), tokens.used(), unknown, Status.OK, null);
  }

  static Embedding without(Tokens tokens, double unknown, Status status, String failure) {
    return new Embedding(null, null, tokens.total(), tokens.used(), unknown, status, failure);
  }

  /** The same with arrays of its own. */
  Embedding copy() {
    return vectors == null
        ? this
        : new Embedding(
            copy(vectors),
            tokenStates == null ? null : copy(tokenStates),
            tokenCount,
            tokensUsed,
            unknownTokenRatio,
            status,
            failure);
  }

  /** Whether no value is NaN or infinite. */
  boolean isFinite() {
    return isFinite(vectors) && (tokenStates == null || isFinite(tokenStates));
  }

  private static boolean isFinite(float[][] vectors) {
    for (float[] vector : vectors) {
      for (float value : vector) {
        if (!Float.isFinite(value)) {
          return false;
        }
      }
    }
    return true;
  }

  private static float[][] copy(float[][] values) {
    return Arrays.stream(values).map(float[]::clone).toArray(float[][]::new);
  }

  /** The same text with other vectors. */
  public Embedding with(float[][] others) {
    return new Embedding(
        others, tokenStates, tokenCount, tokensUsed, unknownTokenRatio, status, failure);
  }

  /** The status as it is written to a table: its name, after FAILED a colon and the reason. */
  public String statusText() {
    return failure == null ? status.name() : status.name() + ": " + failure;
  }

  /** The first vector, or null if there is none. */
  public float[] vector() {
    return vector(0);
  }

  /** The vector of one pooling, counted as they were asked for, or null if there is none. */
  public float[] vector(int pooling) {
    return vectors == null ? null : vectors[pooling];
  }

  /** Whether the end of the text was cut off. */
  public boolean truncated() {
    return tokensUsed < tokenCount;
  }
}
