package io.embark.batch;

import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cuts a buffer of tokenised texts into batches of texts of like length. Texts are sorted by length
 * and the sorted list is cut where the sum of padded tokens and of a fixed cost per batch is least,
 * no batch exceeding the token budget. The budget counts padded tokens rather than rows: the time
 * of a batch and the memory it needs follow its tokens.
 *
 * @param tokenBudget the most padded tokens in a batch; a longer text gets a batch of its own
 * @param padId the id that fills up short rows
 */
public record BatchPlanner(int tokenBudget, long padId, BatchShapes shapes) {
  /**
   * The cost of starting a batch, as a part of the token budget: about the tokens that the model
   * computes while a session is called.
   */
  private static final int BATCH_COST_DIVISOR = 32;

  public BatchPlanner {
    if (tokenBudget < 1) {
      throw new IllegalArgumentException("tokenBudget must be at least 1, found " + tokenBudget);
    }
  }

  /** Batches of any shape. */
  public BatchPlanner(int tokenBudget, long padId) {
    this(tokenBudget, padId, BatchShapes.EXACT);
  }

  public BatchPlanner withBudget(int tokens) {
    return new BatchPlanner(tokens, padId, shapes);
  }

  /** A batch of some of the texts, whether or not it keeps to the budget. */
  public Batch batch(List<Tokens> texts, int[] rows) {
    return Batch.of(texts, rows, padId, shapes, tokenBudget);
  }

  /**
   * Plans every text into exactly one batch, longest first: the largest allocations come first and
   * are then reused. The same texts always give the same batches.
   */
  public List<Batch> plan(List<Tokens> texts) {
    int[] byLength =
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> -texts.get(i).used()))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] lengths = Arrays.stream(byLength).map(i -> texts.get(i).used()).toArray();
    int[] cuts = cuts(lengths);
    List<Batch> batches = new ArrayList<>();
    for (int from = 0; from < byLength.length; from = cuts[from]) {
      batches.add(batch(texts, Arrays.copyOfRange(byLength, from, cuts[from])));
    }
    return batches;
  }

  /**
   * For each position where a batch could begin, where it should end for the cheapest plan of all
   * texts from there on, found from the end.
   */
  private int[] cuts(int[] lengths) {
    int n = lengths.length;
    int[] end = new int[n];
    long[] cost = new long[n + 1];
    int batchCost = Math.max(1, tokenBudget / BATCH_COST_DIVISOR);
    for (int from = n - 1; from >= 0; from--) {
      int longest = Math.max(1, shapes.length(lengths[from]));
      int mostRows = shapes.mostRows(longest, tokenBudget);
      cost[from] = Long.MAX_VALUE;
      // From the largest batch down, so that among equal plans the one with fewer batches wins.
      for (int to = from + Math.min(mostRows, n - from); to > from; to--) {
        if (!shapes.mayShare(lengths[from], lengths[to - 1])) {
          continue;
        }
        long planned = batchCost + (long) longest * shapes.rows(to - from, mostRows) + cost[to];
        if (planned < cost[from]) {
          cost[from] = planned;
          end[from] = to;
        }
      }
    }
    return end;
  }
}
