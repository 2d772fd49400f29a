package io.embark.spark.sql;

/**
 * The values of one vector.
 *
 * @param size length of the vector
 * @param indices places of {@code values} in rising order, all other values being 0; null if {@code
 *     values} holds every value
 */
record VectorValues(int size, int[] indices, double[] values) {

  static VectorValues dense(double[] values) {
    return new VectorValues(values.length, null, values);
  }

  double squares() {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return sum;
  }

  double dot(VectorValues other) {
    if (indices == null) {
      return other.indices == null ? dotDense(other) : other.dotOnto(this);
    }
    return other.indices == null ? dotOnto(other) : dotSparse(other);
  }

  private double dotDense(VectorValues other) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += values[i] * other.values[i];
    }
    return sum;
  }

  private double dotOnto(VectorValues dense) {
    double sum = 0;
    for (int i = 0; i < indices.length; i++) {
      sum += values[i] * dense.values[indices[i]];
    }
    return sum;
  }

  private double dotSparse(VectorValues other) {
    double sum = 0;
    int mine = 0;
    int theirs = 0;
    while (mine < indices.length && theirs < other.indices.length) {
      int order = Integer.compare(indices[mine], other.indices[theirs]);
      if (order == 0) {
        sum += values[mine++] * other.values[theirs++];
      } else if (order < 0) {
        mine++;
      } else {
        theirs++;
      }
    }
    return sum;
  }
}
