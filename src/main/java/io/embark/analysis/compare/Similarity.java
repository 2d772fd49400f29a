package io.embark.analysis.compare;

/** How alike two vectors are; more is more alike. */
public enum Similarity {
  /** 0 for a vector of length 0. */
  COSINE(Measure.SPEARMAN_COSINE, Measure.PEARSON_COSINE) {
    @Override
    public double of(double[] a, double[] b) {
      double lengths = Math.sqrt(DOT.of(a, a)) * Math.sqrt(DOT.of(b, b));
      return lengths == 0 ? 0 : DOT.of(a, b) / lengths;
    }
  },
  DOT(Measure.SPEARMAN_DOT, Measure.PEARSON_DOT) {
    @Override
    public double of(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }
  },
  /** The distance, negative. */
  EUCLIDEAN(Measure.SPEARMAN_EUCLIDEAN, Measure.PEARSON_EUCLIDEAN) {
    @Override
    public double of(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
      }
      return -Math.sqrt(sum);
    }
  },
  /** The distance, negative. */
  MANHATTAN(Measure.SPEARMAN_MANHATTAN, Measure.PEARSON_MANHATTAN) {
    @Override
    public double of(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += Math.abs(a[i] - b[i]);
      }
      return -sum;
    }
  };

  private final Measure spearman;
  private final Measure pearson;

  Similarity(Measure spearman, Measure pearson) {
    this.spearman = spearman;
    this.pearson = pearson;
  }

  /**
   * @param a {@code [n]}
   * @param b {@code [n]}
   */
  public abstract double of(double[] a, double[] b);

  /** Its rank correlation with scores. */
  Measure spearman() {
    return spearman;
  }

  /** Its linear correlation with scores. */
  Measure pearson() {
    return pearson;
  }
}
