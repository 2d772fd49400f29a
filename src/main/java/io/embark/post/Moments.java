package io.embark.post;

import dev.ludovic.netlib.blas.BLAS;
import dev.ludovic.netlib.lapack.LAPACK;
import io.embark.UserError;
import java.io.Serializable;
import java.util.Iterator;
import java.util.Optional;
import org.netlib.util.intW;

/**
 * The mean and covariance of vectors, computed in one pass and in parts that can be joined: the
 * update of Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance", which
 * does not lose digits where the mean is large against the spread.
 */
final class Moments implements Serializable {
  private static final long serialVersionUID = 1;

  /** Vectors centred and multiplied at once, for the speed of a matrix product. */
  private static final int BLOCK = 256;

  final int dimension;
  private final double[] mean;

  /**
   * {@code [dimension, dimension]} in columns: sums of products of deviations, upper triangle only.
   */
  private final double[] scatter;

  long count;

  Moments(int dimension) {
    this.dimension = dimension;
    this.mean = new double[dimension];
    this.scatter = new double[dimension * dimension];
  }

  /**
   * The moments of vectors, if there are any.
   *
   * @throws UserError if their lengths differ
   */
  static Optional<Moments> of(Iterator<double[]> vectors) {
    Moments moments = null;
    double[] block = null;
    int rows = 0;
    while (vectors.hasNext()) {
      double[] vector = vectors.next();
      if (moments == null) {
        moments = new Moments(vector.length);
        block = new double[BLOCK * vector.length];
      }
      moments.requireDimension(vector.length);
      System.arraycopy(vector, 0, block, rows++ * vector.length, vector.length);
      if (rows == BLOCK || !vectors.hasNext()) {
        moments.merge(ofBlock(vector.length, block, rows));
        rows = 0;
      }
    }
    return Optional.ofNullable(moments);
  }

  private void requireDimension(int found) {
    if (found != dimension) {
      throw new UserError(
          "Found vectors of %d and of %d values in one column; wanted are equal lengths."
              .formatted(dimension, found));
    }
  }

  /** Centres the block in place. */
  private static Moments ofBlock(int dimension, double[] block, int rows) {
    Moments moments = new Moments(dimension);
    moments.count = rows;
    for (int row = 0; row < rows; row++) {
      for (int h = 0; h < dimension; h++) {
        moments.mean[h] += block[row * dimension + h] / rows;
      }
    }
    for (int row = 0; row < rows; row++) {
      for (int h = 0; h < dimension; h++) {
        block[row * dimension + h] -= moments.mean[h];
      }
    }
    // Rows lie one after the other, which to BLAS is a matrix [dimension, rows] in columns.
    BLAS.getInstance()
        .dsyrk("U", "N", dimension, rows, 1, block, dimension, 0, moments.scatter, dimension);
    return moments;
  }

  /** Adds the moments of other vectors, which stay as they are. */
  Moments merge(Moments other) {
    requireDimension(other.dimension);
    double total = count + other.count;
    double weight = count * (double) other.count / total;
    double[] shift = new double[dimension];
    for (int h = 0; h < dimension; h++) {
      shift[h] = other.mean[h] - mean[h];
      mean[h] += shift[h] * other.count / total;
    }
    for (int i = 0; i < scatter.length; i++) {
      scatter[i] += other.scatter[i];
    }
    BLAS.getInstance().dsyr("U", dimension, weight, shift, 1, scatter, dimension);
    count += other.count;
    return this;
  }

  /** {@code [dimension]}, a copy. */
  double[] mean() {
    return mean.clone();
  }

  /** The unbiased covariance {@code [dimension, dimension]} in columns, upper triangle only. */
  double[] covariance() {
    double[] covariance = scatter.clone();
    for (int i = 0; i < covariance.length; i++) {
      covariance[i] /= count - 1.0;
    }
    return covariance;
  }

  /**
   * The directions in which the vectors vary, greatest variance first.
   *
   * @param variances {@code [dimension]}, the eigenvalues of the covariance
   * @param directions {@code [dimension, dimension]} in columns, one of length 1 for each variance
   */
  record Principal(double[] variances, double[] directions) {}

  /**
   * The eigenvectors of the covariance, by LAPACK's dsyev.
   *
   * @throws ArithmeticException if it does not converge, or a vector is not finite
   */
  Principal principal() {
    double[] upper = covariance();
    for (double value : upper) {
      if (!Double.isFinite(value)) {
        throw new ArithmeticException(
            "The covariance of the vectors holds %s; a vector is not finite.".formatted(value));
      }
    }
    int n = dimension;
    double[] ascending = new double[n];
    double[] workSize = new double[1];
    intW info = new intW(0);
    LAPACK.getInstance().dsyev("V", "U", n, upper, n, ascending, workSize, -1, info);
    double[] work = new double[(int) workSize[0]];
    LAPACK.getInstance().dsyev("V", "U", n, upper, n, ascending, work, work.length, info);
    if (info.val != 0) {
      throw new ArithmeticException(
          "The eigenvalues of a covariance of %d dimensions do not converge (LAPACK dsyev: %d)."
              .formatted(n, info.val));
    }
    double[] variances = new double[n];
    double[] directions = new double[n * n];
    for (int i = 0; i < n; i++) {
      variances[i] = ascending[n - 1 - i];
      System.arraycopy(upper, (n - 1 - i) * n, directions, i * n, n);
    }
    return new Principal(variances, directions);
  }
}
