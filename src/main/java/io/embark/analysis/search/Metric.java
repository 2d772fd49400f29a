package io.embark.analysis.search;

import io.embark.Choice;
import io.embark.UserError;

/**
 * The measure by which vectors are near. Hits are ranked by its similarity, of which more is always
 * nearer; {@link #score} gives the number that people know.
 */
public enum Metric implements Choice {
  /** The cosine of the angle, -1 to 1; vectors of zeros have none. */
  COSINE,
  /** The scalar product. */
  DOT,
  /** The Euclidean distance, 0 or more; less is nearer. */
  EUCLIDEAN;

  /**
   * Twice the unit roundoff of float. A product of n floats is off by at most n u |q||x| / (1 - n
   * u), in whatever order it is summed (Higham 2002, "Accuracy and stability of numerical
   * algorithms", section 3.1); twice that covers the denominator.
   */
  private static final double ROUNDING = 0x1p-23;

  /** More is nearer; {@code squares} is the sum of the squared differences. */
  double similarity(double dot, double squares, double queryNorm, double rowNorm) {
    return switch (this) {
      case COSINE -> dot / (queryNorm * rowNorm);
      case DOT -> dot;
      case EUCLIDEAN -> -squares;
    };
  }

  /** The greatest error of a similarity that is computed from a product in float. */
  double slack(int values, double queryNorm, double rowNorm) {
    double norms = queryNorm + rowNorm;
    return switch (this) {
      case COSINE -> values * ROUNDING;
      case DOT -> values * ROUNDING * queryNorm * rowNorm;
      case EUCLIDEAN -> values * ROUNDING * norms * norms;
    };
  }

  /** True if a vector of this length can be compared. */
  boolean takes(double norm) {
    return this != COSINE || norm > 0;
  }

  /** The number to show. */
  double score(double similarity) {
    return this == EUCLIDEAN ? Math.sqrt(Math.max(0, -similarity)) : similarity;
  }

  /**
   * @throws UserError naming the known ones
   */
  public static Metric of(String text) {
    return Choice.find(Metric.class, text)
        .orElseThrow(
            () ->
                new UserError(
                    "found '%s', wanted %s.".formatted(text, Choice.labels(Metric.class, ", "))));
  }
}
