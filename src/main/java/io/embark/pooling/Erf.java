package io.embark.pooling;

/** The error function. */
final class Erf {
  private static final double LARGEST = 6;

  private Erf() {}

  /**
   * By its Maclaurin series up to 3, by the continued fraction of its complement above (Abramowitz
   * and Stegun 1964, 7.1.5 and 7.1.14); to 1e-13.
   */
  static double of(double x) {
    double z = Math.abs(x);
    if (Double.isNaN(x) || z == 0) {
      return x;
    }
    double erf = z > LARGEST ? 1 : z < 3 ? series(z) : 1 - complement(z);
    return Math.copySign(erf, x);
  }

  private static double series(double z) {
    double term = z;
    double sum = z;
    for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= -z * z / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  private static double complement(double z) {
    double fraction = 0;
    for (int n = 60; n > 0; n--) {
      fraction = n / 2.0 / (z + fraction);
    }
    return Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction);
  }
}
