package io.embark.pooling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PoolingTest {
  private static final float X = Float.NaN;
  private static final double ROOT3 = Math.sqrt(3);

  /** Three rows of four positions; what is not attended is NaN and must never be read. */
  private static final float[] HIDDEN = {
    1,
    -2,
    X,
    X,
    3,
    4,
    -5,
    0.5f, // a hole inside
    X,
    X,
    7,
    -8,
    X,
    X,
    X,
    X, // padding on both sides
    -1,
    -1,
    -2,
    -3,
    -3,
    -2,
    X,
    X // negative values only
  };

  private static final long[] MASK = {
    1, 0, 1, 1,
    0, 1, 0, 0,
    1, 1, 1, 0
  };
  private static final float[] POOLER = {10, 11, 20, 21, 30, 31};

  private static TokenStates states() {
    return new TokenStates(HIDDEN.clone(), MASK.clone(), POOLER.clone(), 3, 4, 2);
  }

  private static void assertPooled(Pooling pooling, double... wanted) {
    for (int row = 0; row < 3; row++) {
      float[] pooled = pooling.pool(states(), row);
      assertThat(pooled).hasSize(2);
      for (int h = 0; h < 2; h++) {
        assertThat((double) pooled[h])
            .as("row %d, dimension %d", row, h)
            .isCloseTo(wanted[2 * row + h], within(1e-6));
      }
    }
  }

  @Test
  void eachPoolingAsComputedByHand() {
    assertPooled(Pooling.POOLER, 10, 11, 20, 21, 30, 31);
    assertPooled(Pooling.CLS, 1, -2, 7, -8, -1, -1);
    assertPooled(Pooling.LAST_TOKEN, -5, 0.5, 7, -8, -3, -2);
    assertPooled(Pooling.MEAN, -1 / 3.0, 2.5 / 3, 7, -8, -2, -2);
    assertPooled(Pooling.MAX, 3, 4, 7, -8, -1, -1);
    assertPooled(Pooling.MEAN_SQRT_LEN, -1 / ROOT3, 2.5 / ROOT3, 7, -8, -6 / ROOT3, -6 / ROOT3);
    // Weights 1, 2, 3 over the attended tokens.
    assertPooled(Pooling.WEIGHTED_MEAN, -8 / 6.0, 7.5 / 6, 7, -8, -14 / 6.0, -13 / 6.0);
  }

  @ParameterizedTest
  @EnumSource(value = Pooling.class, mode = EnumSource.Mode.EXCLUDE, names = "SENTENCE_EMBEDDING")
  void theVectorIsTheCallersOwn(Pooling pooling) {
    TokenStates states = states();
    float[] first = pooling.pool(states, 0);
    float[] before = first.clone();
    java.util.Arrays.fill(first, 99);
    assertThat(pooling.pool(states, 0)).containsExactly(before);
  }

  @ParameterizedTest
  @EnumSource(value = Pooling.class, mode = EnumSource.Mode.EXCLUDE, names = "SENTENCE_EMBEDDING")
  void paddingBehindARowChangesNothing(Pooling pooling) {
    float[] narrow = {1, 2, 3, -4};
    float[] wide = {1, 2, 3, -4, X, X, X, X, X, X};
    float[] pooler = {5, 6};
    TokenStates alone = new TokenStates(narrow, new long[] {1, 1}, pooler, 1, 2, 2);
    TokenStates padded = new TokenStates(wide, new long[] {1, 1, 0, 0, 0}, pooler, 1, 5, 2);
    assertThat(pooling.pool(padded, 0)).containsExactly(pooling.pool(alone, 0));
  }

  @Test
  void aLongRowOfEqualStatesKeepsItsMean() {
    int length = 8192;
    float[] hidden = new float[length];
    java.util.Arrays.fill(hidden, 0.1f);
    long[] mask = IntStream.range(0, length).mapToLong(i -> 1).toArray();
    TokenStates states = new TokenStates(hidden, mask, null, 1, length, 1);
    assertThat(Pooling.MEAN.pool(states, 0)[0]).isCloseTo(0.1f, within(1e-5f));
    assertThat(Pooling.WEIGHTED_MEAN.pool(states, 0)[0]).isCloseTo(0.1f, within(1e-5f));
  }

  @Test
  void aRowWithoutTokensIsRefused() {
    long[] mask = MASK.clone();
    mask[5] = 0;
    assertThatThrownBy(() -> new TokenStates(HIDDEN, mask, null, 3, 4, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 1")
        .hasMessageContaining("no token");
    assertThatThrownBy(() -> new TokenStates(new float[0], new long[0], null, 1, 0, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void arraysOfAnotherShapeAreRefused() {
    assertThatThrownBy(() -> new TokenStates(new float[23], MASK, null, 3, 4, 2))
        .hasMessageContaining("hidden has 23 values")
        .hasMessageContaining("24");
    assertThatThrownBy(() -> new TokenStates(HIDDEN, new long[11], null, 3, 4, 2))
        .hasMessageContaining("attentionMask");
    assertThatThrownBy(() -> new TokenStates(HIDDEN, MASK, new float[5], 3, 4, 2))
        .hasMessageContaining("pooler");
    TokenStates none = new TokenStates(HIDDEN, MASK, null, 3, 4, 2);
    assertThatThrownBy(() -> Pooling.POOLER.pool(none, 0)).hasMessageContaining("no pooler");
  }

  @ParameterizedTest
  @CsvSource({
    "mean,MEAN",
    "Mean-Sqrt-Len,MEAN_SQRT_LEN",
    "' last_token ',LAST_TOKEN",
    "POOLER,POOLER"
  })
  void namesAreReadInAnyCase(String text, Pooling wanted) {
    assertThat(Pooling.of(text)).isEqualTo(wanted);
    assertThat(Pooling.of(wanted.label())).isEqualTo(wanted);
  }

  @Test
  void lengthBecomesOneAndZeroStaysZero() {
    float[][] vectors = {{3, 4}, {0, 0}, {-3e-30f, 4e-30f}, {3e30f, -4e30f}};
    for (float[] vector : vectors) {
      Norm.L2.apply(vector);
    }
    assertThat(vectors[0]).containsExactly(new float[] {0.6f, 0.8f}, within(1e-6f));
    assertThat(vectors[1]).containsExactly(0, 0);
    // Below 1e-12, as torch does it: scaled by 1e12 rather than to length 1.
    assertThat(vectors[2]).containsExactly(new float[] {-3e-18f, 4e-18f}, within(1e-24f));
    assertThat(vectors[3]).containsExactly(new float[] {0.6f, -0.8f}, within(1e-6f));
    float[] left = {3, 4};
    Norm.NONE.apply(left);
    assertThat(left).containsExactly(3, 4);
    assertThatThrownBy(() -> Norm.of("l1")).hasMessageContaining("none, l2");
  }
}
