package io.embark.analysis.compare;

import io.embark.analysis.measure.Interval;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.math3.distribution.TDistribution;

/** A measure that a comparison takes of each candidate. */
public enum Measure {
  SPEARMAN_COSINE("Spearman of cosine", Group.PAIRS, Spread.BOOTSTRAP),
  SPEARMAN_DOT("Spearman of dot product", Group.PAIRS, Spread.BOOTSTRAP),
  SPEARMAN_EUCLIDEAN("Spearman of -Euclidean distance", Group.PAIRS, Spread.BOOTSTRAP),
  SPEARMAN_MANHATTAN("Spearman of -Manhattan distance", Group.PAIRS, Spread.BOOTSTRAP),
  PEARSON_COSINE("Pearson of cosine", Group.PAIRS, Spread.BOOTSTRAP),
  PEARSON_DOT("Pearson of dot product", Group.PAIRS, Spread.BOOTSTRAP),
  PEARSON_EUCLIDEAN("Pearson of -Euclidean distance", Group.PAIRS, Spread.BOOTSTRAP),
  PEARSON_MANHATTAN("Pearson of -Manhattan distance", Group.PAIRS, Spread.BOOTSTRAP),
  PROBE_ACCURACY("probe accuracy", Group.PROBE, Spread.SPLITS),
  PROBE_MACRO_F1("probe macro-F1", Group.PROBE, Spread.SPLITS),
  FEW_SHOT_ACCURACY("8-shot probe accuracy", Group.PROBE, Spread.SEEDS),
  FEW_SHOT_MACRO_F1("8-shot probe macro-F1", Group.PROBE, Spread.SEEDS),
  V_MEASURE("k-means V-measure", Group.CLUSTERS, Spread.SEEDS),
  NMI("k-means NMI", Group.CLUSTERS, Spread.SEEDS),
  ARI("k-means adjusted Rand index", Group.CLUSTERS, Spread.SEEDS),
  CLUSTER_ACCURACY("k-means accuracy", Group.CLUSTERS, Spread.SEEDS),
  SILHOUETTE("k-means silhouette", Group.SHAPE, Spread.SEEDS),
  STABILITY("k-means stability (ARI)", Group.SHAPE, Spread.NONE),
  MEAN_COSINE("mean cosine", Group.SHAPE, Spread.NONE),
  SD_COSINE("sd of cosine", Group.SHAPE, Spread.NONE),
  EFFECTIVE_RANK("effective rank", Group.SHAPE, Spread.NONE),
  HUBNESS("hubness (skewness of N_10)", Group.SHAPE, Spread.NONE),
  NEIGHBOUR_AGREEMENT("neighbours shared with others", Group.SHAPE, Spread.NONE);

  /** Measures that need the same, together in reports. */
  enum Group {
    PAIRS("Pairs with scores"),
    PROBE("Labels: logistic regression"),
    CLUSTERS("Labels: k-means"),
    /** Facts about the vectors that are neither good nor bad by themselves. */
    SHAPE("Without labels");

    final String title;

    Group(String title) {
      this.title = title;
    }
  }

  /** The meaning of a figure's replicates, and so where it lies with 95 % confidence. */
  enum Spread {
    /**
     * The figure of the same items drawn again with replacement. A draw may have none: a
     * correlation with scores that are all equal is not a number. Such draws are left out; they are
     * not drawn at random, so more than a few of them leave no interval.
     */
    BOOTSTRAP("bootstrap"),
    /** The figure on different random splits into train and test, which share rows. */
    SPLITS("random splits"),
    /** The figure with different random choices of one method, on the same items. */
    SEEDS("seeds"),
    /** One figure, of which nothing is known but its value. */
    NONE("");

    /** Of a bootstrap's draws, the fraction that may be without a figure. */
    private static final double MISSING = 0.05;

    /** In words, for reports. */
    final String label;

    Spread(String label) {
      this.label = label;
    }

    /** Where the figure lies; of differences of replicates, where the difference lies. */
    Optional<Interval> interval(double[] replicates) {
      return switch (this) {
        case BOOTSTRAP -> ofBootstrap(replicates);
        case SPLITS -> ofMean(replicates, (1 - Splits.TRAIN) / Splits.TRAIN);
        case SEEDS -> ofMean(replicates, 0);
        case NONE -> Optional.empty();
      };
    }

    private static Optional<Interval> ofBootstrap(double[] replicates) {
      double[] numbers = Arrays.stream(replicates).filter(r -> !Double.isNaN(r)).toArray();
      return numbers.length == 0
              || tooManyMissing(replicates.length - numbers.length, replicates.length)
          ? Optional.empty()
          : Optional.of(Interval.of(numbers));
    }

    /**
     * Student's interval of the mean.
     *
     * @param sharing test rows for each training row where replicates are splits that share rows,
     *     by which the variance is enlarged: Nadeau and Bengio (2003), "Inference for the
     *     generalization error"; 0 for independent replicates
     */
    private static Optional<Interval> ofMean(double[] replicates, double sharing) {
      int n = replicates.length;
      if (n < 2) {
        return Optional.empty();
      }
      double mean = Arrays.stream(replicates).average().orElseThrow();
      double variance = Arrays.stream(replicates).map(r -> (r - mean) * (r - mean)).sum() / (n - 1);
      double half =
          new TDistribution(null, n - 1).inverseCumulativeProbability(0.975)
              * Math.sqrt((1.0 / n + sharing) * variance);
      return Optional.of(new Interval(mean - half, mean + half));
    }

    /** Whether so many draws of a bootstrap are without a figure that there is no interval. */
    static boolean tooManyMissing(long missing, long draws) {
      return missing > MISSING * draws;
    }
  }

  final String title;
  final Group group;
  final Spread spread;

  Measure(String title, Group group, Spread spread) {
    this.title = title;
    this.group = group;
    this.spread = spread;
  }

  /** The title, and whether figures are printed times 100. */
  String scaledTitle() {
    return title + (scale() == 100 ? " x100" : "");
  }

  /** Whether more is better. */
  boolean isRanked() {
    return group != Group.SHAPE;
  }

  /** The factor of figures in tables: 100 for correlations and fractions. */
  public double scale() {
    return isRanked() ? 100 : 1;
  }

  /** The figure as tables print it. */
  String print(double value) {
    return Double.isNaN(value)
        ? "-"
        : String.format(Locale.ROOT, scale() == 1 ? "%.3f" : "%.2f", scale() * value);
  }

  String print(Interval interval) {
    return "[%s .. %s]".formatted(print(interval.low()), print(interval.high()));
  }

  /** As {@code compare.json} calls it. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
