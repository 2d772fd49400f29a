package io.embark.post;

import dev.ludovic.netlib.lapack.LAPACK;
import org.netlib.util.intW;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, greatest first.
 *
 * @param values {@code [n]}
 * @param vectors {@code [n, n]} in columns, one of length 1 for each value
 */
record SymmetricEigen(double[] values, double[] vectors) {

  /**
   * By LAPACK's dsyev.
   *
   * @param upper {@code [n, n]} in columns, upper triangle; overwritten
   * @throws ArithmeticException if it does not converge, or holds values that are not finite
   */
  static SymmetricEigen of(int n, double[] upper) {
    for (double value : upper) {
      if (!Double.isFinite(value)) {
        throw new ArithmeticException(
            "The covariance of the vectors holds %s; a vector is not finite.".formatted(value));
      }
    }
    double[] ascending = new double[n];
    double[] size = new double[1];
    intW info = new intW(0);
    LAPACK.getInstance().dsyev("V", "U", n, upper, n, ascending, size, -1, info);
    double[] work = new double[(int) size[0]];
    LAPACK.getInstance().dsyev("V", "U", n, upper, n, ascending, work, work.length, info);
    if (info.val != 0) {
      throw new ArithmeticException(
          "The eigenvalues of a covariance of %d dimensions do not converge (LAPACK dsyev: %d)."
              .formatted(n, info.val));
    }
    double[] values = new double[n];
    double[] vectors = new double[n * n];
    for (int i = 0; i < n; i++) {
      values[i] = ascending[n - 1 - i];
      System.arraycopy(upper, (n - 1 - i) * n, vectors, i * n, n);
    }
    return new SymmetricEigen(values, vectors);
  }
}
