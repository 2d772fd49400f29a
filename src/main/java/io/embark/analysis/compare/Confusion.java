package io.embark.analysis.compare;

/**
 * How often items of each class were taken for each class.
 *
 * @param counts {@code [truth][prediction]}, square
 */
record Confusion(long[][] counts) {

  /** The share of items whose class was found. */
  double accuracy() {
    long right = 0;
    long all = 0;
    for (int i = 0; i < counts.length; i++) {
      right += counts[i][i];
      for (long count : counts[i]) {
        all += count;
      }
    }
    return (double) right / all;
  }

  /**
   * The mean over classes of F1 = 2 tp / (2 tp + fp + fn); classes that neither occur nor are
   * predicted do not count.
   */
  double macroF1() {
    double sum = 0;
    int classes = 0;
    for (int c = 0; c < counts.length; c++) {
      long truth = 0;
      long predicted = 0;
      for (int other = 0; other < counts.length; other++) {
        truth += counts[c][other];
        predicted += counts[other][c];
      }
      if (truth + predicted > 0) {
        classes++;
        sum += 2.0 * counts[c][c] / (truth + predicted);
      }
    }
    return sum / classes;
  }
}
