package io.embark.post;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.commons.math3.stat.correlation.Covariance;
import org.junit.jupiter.api.Test;

class MomentsTest {
  private static final int N = 700;
  private static final int H = 5;

  private static double[][] vectors(double far) {
    Random random = new Random(3);
    double[][] vectors = new double[N][H];
    for (double[] vector : vectors) {
      for (int h = 0; h < H; h++) {
        vector[h] = far + random.nextGaussian() * (h + 1) + (h > 0 ? vector[h - 1] - far : 0);
      }
    }
    return vectors;
  }

  /** In uneven parts, and so far from 0 that sums of squares would lose every digit. */
  @Test
  void equalsCommonsMathFarFromZero() {
    double[][] vectors = vectors(0);
    double[][] wanted = new Covariance(vectors).getCovarianceMatrix().getData();
    for (double far : new double[] {0, 1e7}) {
      double[][] moved = vectors(far);
      Moments joined = null;
      int from = 0;
      for (int to : new int[] {1, 300, 301, N}) {
        Moments part = Moments.of(Arrays.asList(moved).subList(from, to).iterator()).orElseThrow();
        joined = joined == null ? part : joined.merge(part);
        from = to;
      }
      assertThat(joined.count).isEqualTo(N);
      double[] covariance = joined.covariance();
      for (int column = 0; column < H; column++) {
        for (int row = 0; row <= column; row++) {
          assertThat(covariance[column * H + row]).isCloseTo(wanted[row][column], within(1e-6));
        }
      }
      double mean = Arrays.stream(moved).mapToDouble(v -> v[2]).average().orElseThrow();
      assertThat(joined.mean()[2]).isCloseTo(mean, within(1e-7));
    }
  }

  @Test
  void lengthsMustBeEqual() {
    assertThat(Moments.of(List.<double[]>of().iterator())).isEmpty();
    assertThatThrownBy(() -> Moments.of(List.of(new double[2], new double[3]).iterator()))
        .hasMessageContaining("of 2 and of 3 values");
    Moments two = Moments.of(List.of(new double[2]).iterator()).orElseThrow();
    Moments three = Moments.of(List.of(new double[3]).iterator()).orElseThrow();
    assertThatThrownBy(() -> two.merge(three)).hasMessageContaining("of 2 and of 3 values");
  }
}
