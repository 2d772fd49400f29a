package io.embark.pooling;

import io.embark.UserError;
import java.util.Arrays;
import java.util.Objects;

/**
 * The hidden states of one batch, seen as {@code [batch, length, hiddenSize]} over a flat array,
 * with the attention mask that says which positions are tokens and which are padding.
 *
 * <p>A view: the arrays are kept, not copied, and must not change while it is used.
 */
public final class TokenStates {
  private final float[] hidden;
  private final long[] attentionMask;
  private final float[] pooler;
  private final int batch;
  private final int length;
  private final int hiddenSize;

  /**
   * @param hidden hidden states {@code [batch, length, hiddenSize]}, row-major
   * @param attentionMask {@code [batch, length]}, 1 for a token, 0 for padding
   * @param pooler the model's own pooled output {@code [batch, hiddenSize]}, or null if it has none
   * @throws UserError if an array does not have the stated shape, or a row of the mask has no token
   *     at all: no pooling of nothing is defined
   */
  public TokenStates(
      float[] hidden, long[] attentionMask, float[] pooler, int batch, int length, int hiddenSize) {
    requireSize("hidden", hidden.length, batch, length, hiddenSize);
    requireSize("attentionMask", attentionMask.length, batch, length);
    if (pooler != null) {
      requireSize("pooler", pooler.length, batch, hiddenSize);
    }
    this.hidden = hidden;
    this.attentionMask = attentionMask;
    this.pooler = pooler;
    this.batch = batch;
    this.length = length;
    this.hiddenSize = hiddenSize;
    for (int row = 0; row < batch; row++) {
      firstToken(row);
    }
  }

  private static void requireSize(String name, int found, int... shape) {
    long wanted = 1;
    for (int dimension : shape) {
      wanted *= dimension;
    }
    if (found != wanted) {
      throw new UserError(name + " has " + found + " values, its shape needs " + wanted);
    }
  }

  public int batch() {
    return batch;
  }

  /** Positions per row, padding included. */
  public int length() {
    return length;
  }

  public int hiddenSize() {
    return hiddenSize;
  }

  /** Whether position {@code token} of row {@code row} is a token rather than padding. */
  public boolean attended(int row, int token) {
    return attentionMask[row * length + token] != 0;
  }

  /** The first attended position of a row. */
  public int firstToken(int row) {
    for (int token = 0; token < length; token++) {
      if (attended(row, token)) {
        return token;
      }
    }
    throw new UserError("row " + row + " of the attention mask has no token");
  }

  /** The last attended position of a row. */
  public int lastToken(int row) {
    for (int token = length - 1; token >= 0; token--) {
      if (attended(row, token)) {
        return token;
      }
    }
    throw new UserError("row " + row + " of the attention mask has no token");
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

  /** A copy of one token's hidden state, {@code [hiddenSize]}. */
  float[] copyOfToken(int row, int token) {
    int offset = offset(row, token);
    return Arrays.copyOfRange(hidden, offset, offset + hiddenSize);
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
