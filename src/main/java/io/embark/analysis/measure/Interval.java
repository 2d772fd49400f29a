package io.embark.analysis.measure;

import io.embark.UserError;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Where a figure lies with 95 % confidence.
 *
 * @param low the 2.5th percentile
 * @param high the 97.5th percentile
 */
public record Interval(double low, double high) implements Serializable {

  /**
   * The percentile interval of Efron (1979), "Bootstrap methods: another look at the jackknife":
   * between the figures of the replicates at ranks 2.5 % and 97.5 %, interpolated linearly.
   *
   * @param replicates a figure for each time the data was drawn again; not changed
   * @throws UserError if there are none
   */
  public static Interval of(double[] replicates) {
    if (replicates.length == 0) {
      throw new UserError("An interval needs replicates; found none.");
    }
    double[] sorted = replicates.clone();
    Arrays.sort(sorted);
    return new Interval(quantile(sorted, 0.025), quantile(sorted, 0.975));
  }

  private static double quantile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
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
