package io.embark.analysis.measure;

import java.util.Arrays;

/** The bounds of a figure with 95 % confidence: its 2.5th and 97.5th percentile. */
public record Interval(double low, double high) {
  /**
   * The percentile interval of Efron (1979), "Bootstrap methods: another look at the jackknife":
   * between the figures of the replicates at ranks 2.5 % and 97.5 %, interpolated linearly.
   */
  public static Interval of(double[] replicates) {
    if (replicates.length == 0) {
      throw new IllegalArgumentException("An interval needs replicates; found none.");
    }
    double[] sorted = replicates.clone();
    Arrays.sort(sorted);
    return new Interval(quantile(sorted, 0.025), quantile(sorted, 0.975));
  }

  private static double quantile(double[] sorted, double fraction) {
    double place = fraction * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  /** Whether both bounds are numbers; what is compared with NaN is neither inside nor outside. */
  public boolean isFinite() {
    return Double.isFinite(low) && Double.isFinite(high);
  }

  /** Whether a value lies inside, bounds included. */
  public boolean contains(double value) {
    return low <= value && value <= high;
  }
}
