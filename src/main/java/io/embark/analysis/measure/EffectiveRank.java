package io.embark.analysis.measure;

import java.util.Arrays;

/** In how many directions vectors really vary. */
public final class EffectiveRank {
  private EffectiveRank() {}

  /**
   * The exponential of the entropy of the singular values' shares: Roy and Vetterli (2007), "The
   * effective rank: a measure of effective dimensionality". From 1, where all vectors lie on a
   * line, to the dimension, where they vary alike in all directions.
   *
   * @param eigenvalues of the covariance, whose roots are the singular values of the centred
   *     vectors; those below 0 by rounding count as 0
   * @return NaN if nothing varies
   */
  public static double of(double[] eigenvalues) {
    double[] singular = Arrays.stream(eigenvalues).map(e -> Math.sqrt(Math.max(0, e))).toArray();
    double sum = Arrays.stream(singular).sum();
    if (sum == 0) {
      return Double.NaN;
    }
    double entropy =
        Arrays.stream(singular)
            .map(s -> s / sum)
            .filter(p -> p > 0)
            .map(p -> -p * Math.log(p))
            .sum();
    return Math.exp(entropy);
  }
}
