package io.embark.pooling;

import java.util.Arrays;
import java.util.Objects;

/**
 * The hidden states of one batch. A view: the arrays are kept, not copied, and must not change
 * while it is used.
 *
 * @param hidden hidden states {@code [batch, length, hiddenSize]}, row-major
 * @param attentionMask {@code [batch, length]}, 1 for a token, 0 for padding
 * @param pooler the model's own pooled output {@code [batch, hiddenSize]}, or null if it has none
 * @param length positions per row, padding included
 */
public record TokenStates(
    float[] hidden, long[] attentionMask, float[] pooler, int batch, int length, int hiddenSize) {
  /**
   * @throws IllegalArgumentException if an array does not have the stated shape, or a row of the
   *     mask has no token at all: no pooling of nothing is defined
   */
  public TokenStates {
    requireSize("hidden", hidden.length, (long) batch * length * hiddenSize);
    requireSize("attentionMask", attentionMask.length, (long) batch * length);
    if (pooler != null) {
      requireSize("pooler", pooler.length, (long) batch * hiddenSize);
    }
    for (int row = 0; row < batch; row++) {
      if (Arrays.stream(attentionMask, row * length, (row + 1) * length).allMatch(m -> m == 0)) {
        throw new IllegalArgumentException("row " + row + " of the attention mask has no token");
      }
    }
  }

  private static void requireSize(String name, int found, long wanted) {
    if (found != wanted) {
      throw new IllegalArgumentException(
          name + " has " + found + " values, its shape needs " + wanted);
    }
  }

  /** Whether position {@code token} of row {@code row} is a token rather than padding. */
  boolean attended(int row, int token) {
    return attentionMask[row * length + token] != 0;
  }

  /** Tokens of a row. */
  int count(int row) {
    int count = 0;
    for (int token = 0; token < length; token++) {
      count += attended(row, token) ? 1 : 0;
    }
    return count;
  }

  /** A copy of the first token's hidden state, {@code [hiddenSize]}. */
  float[] copyOfFirst(int row) {
    int token = 0;
    while (!attended(row, token)) {
      token++;
    }
    return copyOfToken(row, token);
  }

  float[] copyOfLast(int row) {
    int token = length - 1;
    while (!attended(row, token)) {
      token--;
    }
    return copyOfToken(row, token);
  }

  private float[] copyOfToken(int row, int token) {
    int offset = offset(row, token);
    return Arrays.copyOfRange(hidden, offset, offset + hiddenSize);
  }

  /** {@code out[h] += weight * hidden[row, token, h]}. */
  void addTo(float[] out, int row, int token, float weight) {
    int offset = offset(row, token);
    for (int h = 0; h < hiddenSize; h++) {
      out[h] += weight * hidden[offset + h];
    }
  }

  /** {@code out[h] = max(out[h], hidden[row, token, h])}. */
  void maxInto(float[] out, int row, int token) {
    int offset = offset(row, token);
    for (int h = 0; h < hiddenSize; h++) {
      out[h] = Math.max(out[h], hidden[offset + h]);
    }
  }

  /** A copy of the model's own pooled output of one row, {@code [hiddenSize]}. */
  float[] copyOfPooler(int row) {
    Objects.requireNonNull(pooler, "these token states carry no pooler output");
    return Arrays.copyOfRange(pooler, row * hiddenSize, (row + 1) * hiddenSize);
  }

  private int offset(int row, int token) {
    return (row * length + token) * hiddenSize;
  }
}
