package io.embark.analysis.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.analysis.measure.PairCorrelation.Resample;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;
import org.junit.jupiter.api.Test;

class PairCorrelationTest {
  private final Random random = new Random(7);

  @Test
  void handCases() {
    double[] x = {1, 2, 3, 4, 5};
    assertThat(new PairCorrelation(x, new double[] {1, 4, 9, 16, 25}).spearman())
        .isCloseTo(1, within(1e-12));
    assertThat(new PairCorrelation(x, new double[] {5, 4, 3, 2, 1}).spearman())
        .isCloseTo(-1, within(1e-12));
    // Ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24).
    assertThat(new PairCorrelation(x, new double[] {20, 10, 40, 30, 50}).spearman())
        .isCloseTo(0.8, within(1e-12));
    assertThat(new PairCorrelation(x, new double[] {3, 3, 3, 3, 3}).spearman()).isNaN();
  }

  /** The sum of three times 0.1, over 3, is not 0.1. */
  @Test
  void equalValuesHaveNoCorrelationWhateverRoundingMakesOfTheirMean() {
    double[] x = {1, 2, 4, 8};
    PairCorrelation pairs = new PairCorrelation(x, new double[] {0.7, 0.1, 0.1, 0.1});
    assertThat(pairs.pearson(new int[] {0, 1, 1, 1})).isNaN();
    assertThat(pairs.pearson(new int[] {1, 1, 1, 1})).isNegative();
  }

  /** Few values, so that there are many ties. */
  @Test
  void equalsCommonsMath() {
    for (int round = 0; round < 50; round++) {
      double[] x = values(40, 5);
      double[] y = values(40, 8);
      PairCorrelation pairs = new PairCorrelation(x, y);
      assertThat(pairs.pearson())
          .isCloseTo(new PearsonsCorrelation().correlation(x, y), within(1e-12));
      assertThat(pairs.spearman())
          .isCloseTo(new SpearmansCorrelation().correlation(x, y), within(1e-12));
    }
  }

  /** A pair drawn three times counts like three pairs. */
  @Test
  void resampleEqualsRepeatedPairs() {
    double[] x = values(30, 6);
    double[] y = values(30, 9);
    Resample resample = new Resample(30, 3);
    for (int round = 0; round < 20; round++) {
      int[] counts = resample.draw();
      int[] drawn =
          IntStream.range(0, 30)
              .flatMap(i -> IntStream.range(0, counts[i]).map(repeat -> i))
              .toArray();
      double[] xs = IntStream.of(drawn).mapToDouble(i -> x[i]).toArray();
      double[] ys = IntStream.of(drawn).mapToDouble(i -> y[i]).toArray();
      PairCorrelation pairs = new PairCorrelation(x, y);
      assertThat(drawn).hasSize(30);
      assertThat(pairs.spearman(counts))
          .isCloseTo(new SpearmansCorrelation().correlation(xs, ys), within(1e-12));
      assertThat(pairs.pearson(counts))
          .isCloseTo(new PearsonsCorrelation().correlation(xs, ys), within(1e-12));
    }
  }

  /** Fisher's interval of r is known for normal data: the bootstrap's must be close to it. */
  @Test
  void intervalOfNormalData() {
    int n = 2000;
    double[] x = new double[n];
    double[] y = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextGaussian();
      y[i] = 0.6 * x[i] + 0.8 * random.nextGaussian();
    }
    PairCorrelation pairs = new PairCorrelation(x, y);
    Interval interval = Interval.of(pairs.replicates(pairs::pearson, 1000, 1));
    double z = 0.5 * Math.log((1 + pairs.pearson()) / (1 - pairs.pearson()));
    double half = 1.96 / Math.sqrt(n - 3.0);
    assertThat(interval.low()).isCloseTo(Math.tanh(z - half), within(0.006));
    assertThat(interval.high()).isCloseTo(Math.tanh(z + half), within(0.006));
    assertThat(interval.contains(pairs.pearson())).isTrue();
    assertThat(pairs.replicates(pairs::pearson, 5, 1))
        .isEqualTo(pairs.replicates(pairs::pearson, 5, 1));
  }

  @Test
  void badInput() {
    assertThatThrownBy(() -> new PairCorrelation(new double[2], new double[3]))
        .hasMessageContaining("2 and 3");
    assertThatThrownBy(() -> new PairCorrelation(new double[] {Double.NaN}, new double[1]))
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> Interval.of(new double[0])).hasMessageContaining("none");
  }

  private double[] values(int n, int different) {
    return random.ints(n, 0, different).asDoubleStream().toArray();
  }

  /** Quantiles as R's type 7, which commons-math has too. */
  @Test
  void intervalsAreInterpolatedPercentiles() {
    Random random = new Random(9);
    for (int n : new int[] {1, 2, 7, 1000}) {
      double[] replicates = random.doubles(n).toArray();
      Percentile quantile = new Percentile().withEstimationType(Percentile.EstimationType.R_7);
      Interval found = Interval.of(replicates);
      assertThat(found.low()).isCloseTo(quantile.evaluate(replicates, 2.5), within(1e-12));
      assertThat(found.high()).isCloseTo(quantile.evaluate(replicates, 97.5), within(1e-12));
    }
  }
}
