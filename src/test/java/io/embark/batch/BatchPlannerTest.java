package io.embark.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchPlannerTest {

  private static List<Tokens> texts(int... lengths) {
    List<Tokens> texts = new ArrayList<>();
    for (int length : lengths) {
      long[] ids = IntStream.range(0, length).mapToLong(i -> 1000 + i).toArray();
      texts.add(new Tokens(ids, length));
    }
    return texts;
  }

  private static int[] lengths(int count, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .map(i -> 2 + (random.nextInt(5) == 0 ? random.nextInt(250) : random.nextInt(20)))
        .toArray();
  }

  private static double padding(List<Batch> batches) {
    double tokens = batches.stream().mapToInt(Batch::tokens).sum();
    return 1 - tokens / batches.stream().mapToInt(Batch::paddedTokens).sum();
  }

  @Test
  void everyTextIsInExactlyOneBatchWithItsOwnIds() {
    for (long seed = 0; seed < 20; seed++) {
      List<Tokens> texts = texts(lengths(500, seed));
      TreeSet<Integer> seen = new TreeSet<>();
      for (Batch batch : new BatchPlanner(1024, 7).plan(texts)) {
        for (int r = 0; r < batch.size(); r++) {
          assertThat(seen.add(batch.rows()[r])).isTrue();
          long[] ids = texts.get(batch.rows()[r]).ids();
          for (int t = 0; t < batch.length(); t++) {
            int at = r * batch.length() + t;
            assertThat(batch.inputIds()[at]).isEqualTo(t < ids.length ? ids[t] : 7);
            assertThat(batch.attentionMask()[at]).isEqualTo(t < ids.length ? 1 : 0);
          }
        }
      }
      assertThat(seen).hasSize(texts.size());
    }
  }

  @Test
  void whereNothingMayBePaddedTextsOfOneLengthShareBatches() {
    for (int budget : new int[] {1, 100, 1024}) {
      List<Tokens> texts = texts(lengths(500, budget));
      TreeSet<Integer> seen = new TreeSet<>();
      List<Batch> batches = new BatchPlanner(budget, 7, BatchShapes.UNPADDED).plan(texts);
      for (Batch batch : batches) {
        assertThat(batch.paddedTokens()).isEqualTo(batch.tokens());
        assertThat(batch.size() == 1 || batch.tokens() <= budget).isTrue();
        Arrays.stream(batch.rows()).forEach(row -> assertThat(seen.add(row)).isTrue());
      }
      assertThat(seen).hasSize(texts.size());
      // As few batches as there can be: each length's texts in full ones but for the last.
      Map<Integer, Long> byLength =
          texts.stream().collect(Collectors.groupingBy(Tokens::used, Collectors.counting()));
      long fewest =
          byLength.entrySet().stream()
              .mapToLong(
                  e -> {
                    int most = Math.max(1, budget / e.getKey());
                    return (e.getValue() + most - 1) / most;
                  })
              .sum();
      assertThat(batches).hasSize(Math.toIntExact(fewest));
    }
  }

  @Test
  void noBatchExceedsTheBudgetUnlessItIsOneText() {
    for (int budget : new int[] {1, 16, 100, 1024}) {
      for (Batch batch : new BatchPlanner(budget, 0).plan(texts(lengths(300, budget)))) {
        assertThat(batch.size() == 1 || batch.paddedTokens() <= budget).isTrue();
      }
    }
  }

  @Test
  void littleIsPaddingEvenInASmallBuffer() {
    assertThat(padding(new BatchPlanner(1024, 0).plan(texts(lengths(2048, 1))))).isLessThan(0.02);
    assertThat(padding(new BatchPlanner(1024, 0).plan(texts(lengths(400, 2))))).isLessThan(0.04);
  }

  @Test
  void theCutIsTheCheapestThereIs() {
    Random random = new Random(5);
    for (int round = 0; round < 50; round++) {
      int[] lengths = IntStream.range(0, 9).map(i -> 1 + random.nextInt(30)).toArray();
      int budget = 64;
      long found =
          new BatchPlanner(budget, 0)
              .plan(texts(lengths)).stream().mapToLong(b -> 2 + b.paddedTokens()).sum();
      assertThat(found).isEqualTo(cheapestByTrial(lengths, budget, 2));
    }
  }

  /** Tries every way to cut the sorted lengths. */
  private static long cheapestByTrial(int[] lengths, int budget, int batchCost) {
    int[] sorted = IntStream.of(lengths).map(i -> -i).sorted().map(i -> -i).toArray();
    long best = Long.MAX_VALUE;
    for (int mask = 0; mask < 1 << sorted.length - 1; mask++) {
      long cost = 0;
      int from = 0;
      boolean allowed = true;
      for (int to = 1; to <= sorted.length; to++) {
        if (to == sorted.length || (mask >> to - 1 & 1) == 1) {
          int padded = sorted[from] * (to - from);
          allowed &= to - from == 1 || padded <= budget;
          cost += batchCost + padded;
          from = to;
        }
      }
      if (allowed) {
        best = Math.min(best, cost);
      }
    }
    return best;
  }

  @Test
  void nothingGivesNothing() {
    assertThat(new BatchPlanner(1024, 0).plan(List.of())).isEmpty();
    assertThatThrownBy(() -> new BatchPlanner(0, 0)).hasMessageContaining("tokenBudget");
  }
}
