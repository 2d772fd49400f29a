package io.embark.batch;

import io.embark.token.Tokens;
import java.util.Arrays;
import java.util.List;

/**
 * Texts padded to one rectangle, as a model takes them. Arrays are row-major {@code [paddedRows,
 * length]}.
 *
 * @param rows where each row of the rectangle stands in the list that was planned, {@code [size]};
 *     rows of the rectangle beyond these are padding, copies of the last one
 * @param length tokens per row, padding included
 * @param inputIds token ids, {@code padId} beyond a row's own tokens
 * @param attentionMask 1 for a token, 0 for padding
 * @param tokens tokens of all rows together, padding not counted
 */
public record Batch(int[] rows, int length, long[] inputIds, long[] attentionMask, int tokens) {
  /** Pads some of {@code texts} to the longest of them. */
  public static Batch of(List<Tokens> texts, int[] rows, long padId) {
    return of(texts, rows, padId, BatchShapes.EXACT, Integer.MAX_VALUE);
  }

  /**
   * @param rows indexes into {@code texts}, at least one
   * @param padId the id that fills up short rows
   * @param tokenBudget the most padded tokens, which rounding up does not exceed
   */
  static Batch of(List<Tokens> texts, int[] rows, long padId, BatchShapes shapes, int tokenBudget) {
    int longest = 0;
    int tokens = 0;
    for (int row : rows) {
      longest = Math.max(longest, texts.get(row).used());
      tokens += texts.get(row).used();
    }
    int length = shapes.length(longest);
    int paddedRows = shapes.rows(rows.length, shapes.mostRows(length, tokenBudget));
    long[] inputIds = new long[paddedRows * length];
    long[] attentionMask = new long[paddedRows * length];
    if (padId != 0) {
      Arrays.fill(inputIds, padId);
    }
    for (int r = 0; r < paddedRows; r++) {
      // A row of nothing could bring forth NaN, and wide ranges where a model quantises as it runs.
      long[] ids = texts.get(rows[Math.min(r, rows.length - 1)]).ids();
      System.arraycopy(ids, 0, inputIds, r * length, ids.length);
      Arrays.fill(attentionMask, r * length, r * length + ids.length, 1);
    }
    return new Batch(rows, length, inputIds, attentionMask, tokens);
  }

  /**
   * A mask of the tokens that are pooled, without special ones and a prompt at start and end.
   *
   * @return {@code [paddedRows, length]}; a row of which nothing would remain keeps all its tokens
   */
  public long[] poolingMask(int skipStart, int skipEnd) {
    long[] mask = attentionMask.clone();
    for (int r = 0; r < paddedRows(); r++) {
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

  public int size() {
    return rows.length;
  }

  /** Positions the model computes, padding included. */
  public int paddedTokens() {
    return inputIds.length;
  }

  /** Rows the model computes, those without a text included. */
  public int paddedRows() {
    return length == 0 ? rows.length : inputIds.length / length;
  }
}
