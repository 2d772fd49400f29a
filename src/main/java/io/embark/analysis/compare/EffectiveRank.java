package io.embark.analysis.compare;

import java.util.Arrays;
import org.apache.spark.ml.feature.PCA;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The number of directions in which vectors really vary: Roy and Vetterli (2007), "The effective
 * rank: a measure of effective dimensionality". From 1, where all vectors lie on a line, to the
 * dimension, where they vary alike in all directions.
 */
final class EffectiveRank {
  private EffectiveRank() {}

  /**
   * One at a time: LAPACK in Java keeps what Fortran saves between calls in static fields, and of
   * two decompositions at once one may not converge.
   *
   * @param rows column {@code vector}
   * @return NaN if nothing varies
   */
  static synchronized double of(Dataset<Row> rows, int dimension) {
    // Fractions of variance will do: the effective rank does not depend on their scale.
    double[] variances =
        new PCA()
            .setInputCol("vector")
            .setOutputCol("components")
            .setK(dimension)
            .fit(rows)
            .explainedVariance()
            .toArray();
    return of(variances);
  }

  /**
   * The exponential of the entropy of the singular values' fractions of their sum.
   *
   * @param eigenvalues of the covariance, whose roots are the singular values of the centred
   *     vectors; those below 0 by rounding count as 0
   * @return NaN if nothing varies
   */
  static double of(double[] eigenvalues) {
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
