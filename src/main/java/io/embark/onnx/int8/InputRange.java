package io.embark.onnx.int8;

/**
 * What was seen of a tensor {@code [.., channels]} while texts were embedded.
 *
 * @param least the least value of each channel, {@code [channels]}
 * @param most the largest
 * @param squares the sum of squares
 * @param rows over how many tokens
 */
record InputRange(float[] least, float[] most, double[] squares, long rows) {

  /** The largest absolute value of a channel. */
  float largest(int channel) {
    return Math.max(Math.abs(least[channel]), Math.abs(most[channel]));
  }

  boolean isFinite() {
    for (int c = 0; c < least.length; c++) {
      if (!Float.isFinite(least[c]) || !Float.isFinite(most[c])) {
        return false;
      }
    }
    return true;
  }

  InputRange and(InputRange other) {
    float[] both = least.clone();
    float[] above = most.clone();
    double[] sum = squares.clone();
    for (int c = 0; c < both.length; c++) {
      both[c] = Math.min(both[c], other.least[c]);
      above[c] = Math.max(above[c], other.most[c]);
      sum[c] += other.squares[c];
    }
    return new InputRange(both, above, sum, rows + other.rows);
  }
}
