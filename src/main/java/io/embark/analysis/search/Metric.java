package io.embark.analysis.search;

import io.embark.Choice;
import io.embark.UserError;

/**
 * The measure by which vectors are near. Hits are ranked by its similarity, of which more is always
 * nearer; {@link #score} gives the number that people know.
 */
public enum Metric implements Choice {
  /** The cosine of the angle, -1 to 1; vectors of zeros have none. */
  COSINE {
    @Override
    double similarity(double dot, double squares, double queryNorm, double rowNorm) {
      return dot / (queryNorm * rowNorm);
    }

    @Override
    double slack(int values, double queryNorm, double rowNorm) {
      return values * ROUNDING;
    }

    @Override
    boolean takes(double norm) {
      return norm > 0;
    }
  },
  /** The scalar product. */
  DOT {
    @Override
    double similarity(double dot, double squares, double queryNorm, double rowNorm) {
      return dot;
    }

    @Override
    double slack(int values, double queryNorm, double rowNorm) {
      return values * ROUNDING * queryNorm * rowNorm;
    }
  },
  /** The Euclidean distance, 0 or more; less is nearer. */
  EUCLIDEAN {
    @Override
    double similarity(double dot, double squares, double queryNorm, double rowNorm) {
      return -squares;
    }

    @Override
    double slack(int values, double queryNorm, double rowNorm) {
      double norms = queryNorm + rowNorm;
      return values * ROUNDING * norms * norms;
    }

    @Override
    double score(double similarity) {
      return Math.sqrt(Math.max(0, -similarity));
    }
  };

  /**
   * Twice the unit roundoff of float. A product of n floats is off by at most n u |q||x| / (1 - n
   * u), in whatever order it is summed (Higham 2002, "Accuracy and stability of numerical
   * algorithms", section 3.1); twice that covers the denominator.
   */
  private static final double ROUNDING = 0x1p-23;

  /** By the scalar product, or {@code squares}, the sum of the squared differences. */
  abstract double similarity(double dot, double squares, double queryNorm, double rowNorm);

  /** The greatest error of a similarity that is computed from a product in float. */
  abstract double slack(int values, double queryNorm, double rowNorm);

  /** True if a vector of this length can be compared. */
  boolean takes(double norm) {
    return true;
  }

  /** The number to show. */
  double score(double similarity) {
    return similarity;
  }

  /**
   * Reads a metric by its label.
   *
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
