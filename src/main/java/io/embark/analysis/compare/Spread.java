package io.embark.analysis.compare;

import io.embark.analysis.measure.Interval;
import java.util.Arrays;
import java.util.Optional;
import org.apache.commons.math3.distribution.TDistribution;

/** What the replicates of a figure are, and so where the figure lies with 95 % confidence. */
public enum Spread {
  /**
   * The figure of the same items drawn again with replacement. A draw may have none: a correlation
   * with scores that are all equal is not a number. Such draws are left out; they are not drawn at
   * random, so more than a few of them leave no interval.
   */
  BOOTSTRAP("bootstrap") {
    @Override
    public Optional<Interval> interval(double[] replicates) {
      double[] numbers = Arrays.stream(replicates).filter(r -> !Double.isNaN(r)).toArray();
      return numbers.length == 0
              || tooManyMissing(replicates.length - numbers.length, replicates.length)
          ? Optional.empty()
          : Optional.of(Interval.of(numbers));
    }
  },
  /**
   * The figure on different random splits into train and test. The splits share rows, so the
   * variance is enlarged by the share of the test part over that of the train part: Nadeau and
   * Bengio (2003), "Inference for the generalization error".
   */
  SPLITS("random splits") {
    @Override
    public Optional<Interval> interval(double[] replicates) {
      return student(replicates, (1 - Splits.TRAIN) / Splits.TRAIN);
    }
  },
  /** The figure with different random choices of one method, on the same items. */
  SEEDS("seeds") {
    @Override
    public Optional<Interval> interval(double[] replicates) {
      return student(replicates, 0);
    }
  },
  /** One figure, of which nothing is known but its value. */
  NONE("") {
    @Override
    public Optional<Interval> interval(double[] replicates) {
      return Optional.empty();
    }
  };

  /** Of a bootstrap's draws, the share that may be without a figure. */
  private static final double MISSING = 0.05;

  private final String label;

  Spread(String label) {
    this.label = label;
  }

  /** In words, for reports. */
  public String label() {
    return label;
  }

  /** Where the figure lies; of differences of replicates, where the difference lies. */
  public abstract Optional<Interval> interval(double[] replicates);

  /** Whether so many draws of a bootstrap are without a figure that there is no interval. */
  static boolean tooManyMissing(long missing, long draws) {
    return missing > MISSING * draws;
  }

  /** Student's interval of the mean, variance enlarged by a share; none of one replicate. */
  private static Optional<Interval> student(double[] replicates, double shared) {
    int n = replicates.length;
    if (n < 2) {
      return Optional.empty();
    }
    double mean = Arrays.stream(replicates).average().orElseThrow();
    double variance = Arrays.stream(replicates).map(r -> (r - mean) * (r - mean)).sum() / (n - 1);
    double half =
        new TDistribution(null, n - 1).inverseCumulativeProbability(0.975)
            * Math.sqrt((1.0 / n + shared) * variance);
    return Optional.of(new Interval(mean - half, mean + half));
  }
}
