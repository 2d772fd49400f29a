package io.embark.batch;

import io.embark.token.Tokens;
import java.util.Arrays;
import java.util.List;

/**
 * Texts padded to one rectangle, as a model takes them. Arrays are row-major {@code [rows,
 * length]}.
 *
 * @param rows where each row of the rectangle stands in the list that was planned, {@code [rows]}
 * @param length tokens per row, padding included
 * @param inputIds token ids, {@code padId} beyond a row's own tokens
 * @param attentionMask 1 for a token, 0 for padding
 * @param tokens tokens of all rows together, padding not counted
 */
public record Batch(int[] rows, int length, long[] inputIds, long[] attentionMask, int tokens) {

  /**
   * Pads some of {@code texts} to the longest of them.
   *
   * @param rows indexes into {@code texts}, at least one
   * @param padId the id that fills up short rows
   */
  public static Batch of(List<Tokens> texts, int[] rows, long padId) {
    int length = 0;
    int tokens = 0;
    for (int row : rows) {
      length = Math.max(length, texts.get(row).used());
      tokens += texts.get(row).used();
    }
    long[] inputIds = new long[rows.length * length];
    long[] attentionMask = new long[rows.length * length];
    if (padId != 0) {
      Arrays.fill(inputIds, padId);
    }
    for (int r = 0; r < rows.length; r++) {
      long[] ids = texts.get(rows[r]).ids();
      System.arraycopy(ids, 0, inputIds, r * length, ids.length);
      Arrays.fill(attentionMask, r * length, r * length + ids.length, 1);
    }
    return new Batch(rows, length, inputIds, attentionMask, tokens);
  }

  /**
   * A mask of the tokens that are pooled, without some at each text's start and end.
   *
   * @param skipStart tokens left out at the start: special ones, a prompt
   * @param skipEnd tokens left out at the end
   * @return {@code [rows, length]}; a row of which nothing would remain keeps all its tokens
   */
  public long[] poolingMask(int skipStart, int skipEnd) {
    long[] mask = attentionMask.clone();
    for (int r = 0; r < rows.length; r++) {
      int start = r * length;
      int used = 0;
      while (used < length && attentionMask[start + used] == 1) {
        used++;
      }
      if (used > skipStart + skipEnd) {
        Arrays.fill(mask, start, start + skipStart, 0);
        Arrays.fill(mask, start + used - skipEnd, start + used, 0);
      }
    }
    return mask;
  }

  /** Number of rows. */
  public int size() {
    return rows.length;
  }

  /** Positions the model computes, padding included. */
  public int paddedTokens() {
    return rows.length * length;
  }
}
