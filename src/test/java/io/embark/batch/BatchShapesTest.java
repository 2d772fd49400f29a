package io.embark.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.token.Tokens;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchShapesTest {
  private static final int MAX_LENGTH = 500;
  private static final int BUDGET = 16_384;
  private static final BatchShapes ROUNDED =
      new BatchShapes(BatchShapes.Fill.ROUNDED, MAX_LENGTH, Integer.MAX_VALUE);

  private static List<Tokens> texts(int count, long seed) {
    Random random = new Random(seed);
    List<Tokens> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = 2 + random.nextInt(random.nextInt(4) == 0 ? MAX_LENGTH - 1 : 40);
      texts.add(new Tokens(random.longs(length, 1, 30_000).toArray(), length));
    }
    return texts;
  }

  private static List<Batch> plan(BatchShapes shapes, List<Tokens> texts) {
    return new BatchPlanner(BUDGET, 7, shapes).plan(texts);
  }

  @Test
  void lengthsGrowByAnEighthAtMostAndNeverBeyondTheModel() {
    TreeSet<Integer> lengths = new TreeSet<>();
    for (int tokens = 1; tokens <= MAX_LENGTH; tokens++) {
      int length = ROUNDED.length(tokens);
      assertThat(length)
          .isBetween(tokens, MAX_LENGTH)
          .isLessThan(tokens + Math.max(8, tokens / 8 + 1));
      assertThat(length % 8 == 0 || length == MAX_LENGTH).isTrue();
      assertThat(ROUNDED.length(length)).isEqualTo(length);
      lengths.add(length);
    }
    assertThat(lengths).hasSize(32).contains(8, 64, 72, 128, 144, 256, 288, 480, MAX_LENGTH);
    // A text longer than it should be is not cut here.
    assertThat(ROUNDED.length(501)).isEqualTo(501);
    assertThat(ROUNDED.length(0)).isZero();
  }

  @Test
  void rowsGrowByAHalfAtMostAndNeverBeyondTheBudget() {
    for (int texts = 1; texts <= 2048; texts++) {
      assertThat(ROUNDED.rows(texts, 2048)).isBetween(texts, texts + texts / 2);
      assertThat(ROUNDED.rows(texts, texts)).isEqualTo(texts);
    }
    assertThat(IntStream.rangeClosed(1, 2048).map(n -> ROUNDED.rows(n, 2048)).distinct().count())
        .isEqualTo(22);
    assertThat(IntStream.rangeClosed(1, 9).map(n -> ROUNDED.rows(n, 2048)))
        .containsExactly(1, 2, 3, 4, 6, 6, 8, 8, 12);
  }

  @Test
  void exactShapesAreThoseOfTheTexts() {
    for (int n : new int[] {1, 5, 77, 513}) {
      assertThat(BatchShapes.EXACT.length(n)).isEqualTo(n);
      assertThat(BatchShapes.EXACT.rows(n, 10_000)).isEqualTo(n);
    }
    assertThatThrownBy(() -> new BatchShapes(BatchShapes.Fill.ROUNDED, 0, 1))
        .hasMessageContaining("maxLength");
  }

  @Test
  void everyTextIsInOneRowWithItsOwnIdsAndNothingElse() {
    List<Tokens> texts = texts(700, 3);
    Set<Integer> seen = new HashSet<>();
    for (Batch batch : plan(ROUNDED, texts)) {
      int tokens = 0;
      assertThat(batch.inputIds()).hasSize(batch.paddedRows() * batch.length());
      for (int r = 0; r < batch.paddedRows(); r++) {
        int text = batch.rows()[Math.min(r, batch.size() - 1)];
        if (r < batch.size()) {
          assertThat(seen.add(text)).isTrue();
          tokens += texts.get(text).used();
        }
        long[] ids = texts.get(text).ids();
        for (int t = 0; t < batch.length(); t++) {
          int at = r * batch.length() + t;
          assertThat(batch.inputIds()[at]).isEqualTo(t < ids.length ? ids[t] : 7);
          assertThat(batch.attentionMask()[at]).isEqualTo(t < ids.length ? 1 : 0);
        }
      }
      assertThat(batch.tokens()).isEqualTo(tokens);
      assertThat(batch.paddedTokens()).isEqualTo(batch.paddedRows() * batch.length());
    }
    assertThat(seen).hasSize(texts.size());
  }

  @Test
  void theBudgetHoldsWithPaddingOfBothKinds() {
    for (int budget : new int[] {1, 16, 100, 1024, BUDGET}) {
      for (Batch batch : new BatchPlanner(budget, 0, ROUNDED).plan(texts(300, budget))) {
        assertThat(batch.paddedRows() == 1 || batch.paddedTokens() <= budget).isTrue();
      }
    }
  }

  @Test
  void thereAreFewShapesHoweverManyBuffersPass() {
    Set<String> rounded = new HashSet<>();
    Set<String> exact = new HashSet<>();
    double tokens = 0;
    double padded = 0;
    int after50 = 0;
    for (int buffer = 0; buffer < 100; buffer++) {
      List<Tokens> texts = texts(512, buffer);
      for (Batch batch : plan(ROUNDED, texts)) {
        rounded.add(batch.paddedRows() + "x" + batch.length());
        tokens += batch.tokens();
        padded += batch.paddedTokens();
      }
      plan(BatchShapes.EXACT, texts).forEach(b -> exact.add(b.size() + "x" + b.length()));
      after50 = buffer == 49 ? rounded.size() : after50;
    }
    // 32 lengths, each with 22 kinds of rows or a full batch.
    assertThat(rounded.size()).isLessThan(32 * 23).isLessThan(exact.size() / 2);
    assertThat(rounded.size() - after50).isLessThan(after50 / 4);
    assertThat(1 - tokens / padded).isLessThan(0.15);
  }

  @Test
  void rowsCanBeLimited() {
    BatchShapes few = new BatchShapes(BatchShapes.Fill.ROUNDED, MAX_LENGTH, 10);
    assertThat(plan(few, texts(300, 1))).allSatisfy(b -> assertThat(b.paddedRows()).isLessThan(11));
  }
}
