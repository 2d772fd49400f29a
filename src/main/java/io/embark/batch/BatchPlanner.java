package io.embark.batch;

import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Cuts a buffer of tokenised texts into batches of texts of like length, so that little of what the
 * model computes is padding.
 *
 * <p>The budget is a number of padded tokens rather than of rows: the cost of a batch follows its
 * tokens, and so does the memory it needs.
 */
public final class BatchPlanner {
  private final int tokenBudget;
  private final long padId;

  /**
   * @param tokenBudget the most padded tokens in a batch; a single longer text gets a batch of its
   *     own
   * @param padId the id that fills up short rows
   */
  public BatchPlanner(int tokenBudget, long padId) {
    if (tokenBudget < 1) {
      throw new IllegalArgumentException("tokenBudget must be at least 1, found " + tokenBudget);
    }
    this.tokenBudget = tokenBudget;
    this.padId = padId;
  }

  /**
   * Plans every text into exactly one batch, longest first: the largest allocations come first and
   * are then reused. The same texts always give the same batches.
   */
  public List<Batch> plan(List<Tokens> texts) {
    Integer[] byLength = new Integer[texts.size()];
    Arrays.setAll(byLength, i -> i);
    Arrays.sort(byLength, Comparator.comparingInt((Integer i) -> -texts.get(i).used()));

    List<Batch> batches = new ArrayList<>();
    for (int from = 0; from < byLength.length; ) {
      int longest = Math.max(1, texts.get(byLength[from]).used());
      int rows = Math.max(1, Math.min(tokenBudget / longest, byLength.length - from));
      int[] members = new int[rows];
      for (int r = 0; r < rows; r++) {
        members[r] = byLength[from + r];
      }
      batches.add(Batch.of(texts, members, padId));
      from += rows;
    }
    return batches;
  }
}
