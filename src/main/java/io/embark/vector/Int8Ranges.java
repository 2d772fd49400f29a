package io.embark.vector;

import io.embark.UserError;
import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Vectors as one signed byte per value: each dimension's range is cut into 255 equal steps. The
 * ranges belong to a whole table: by those of single batches vectors could not be compared.
 *
 * @param min least value of each dimension
 * @param max greatest value of each dimension
 */
public record Int8Ranges(float[] min, float[] max) implements Serializable {
  private static final int STEPS = 255;

  /**
   * @throws UserError if the lengths differ, or a range is reversed or not finite
   */
  public Int8Ranges {
    if (min.length != max.length) {
      throw new UserError(
          "int8 ranges have %d minima and %d maxima.".formatted(min.length, max.length));
    }
    for (int i = 0; i < min.length; i++) {
      if (!(min[i] <= max[i]) || Float.isInfinite(min[i]) || Float.isInfinite(max[i])) {
        throw new UserError(
            "int8 range of dimension %d goes from %s to %s.".formatted(i, min[i], max[i]));
      }
    }
  }

  /** Ranges from a record that keeps numbers as doubles. */
  public static Int8Ranges ofDoubles(double[] min, double[] max) {
    return new Int8Ranges(floats(min), floats(max));
  }

  public double[] minAsDoubles() {
    return doubles(min);
  }

  public double[] maxAsDoubles() {
    return doubles(max);
  }

  private static float[] floats(double[] doubles) {
    float[] floats = new float[doubles.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) doubles[i];
    }
    return floats;
  }

  private static double[] doubles(float[] floats) {
    return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
  }

  /** The ranges of a single vector, to be widened. */
  public static Int8Ranges ofFirst(float[] vector) {
    return new Int8Ranges(vector.clone(), vector.clone());
  }

  /** The least ranges that hold these and a vector. */
  public Int8Ranges with(float[] vector) {
    return union(new Int8Ranges(vector, vector));
  }

  /** The least ranges that hold both. */
  public Int8Ranges union(Int8Ranges other) {
    float[] least = min.clone();
    float[] most = max.clone();
    for (int i = 0; i < least.length; i++) {
      least[i] = Math.min(least[i], other.min[i]);
      most[i] = Math.max(most[i], other.max[i]);
    }
    return new Int8Ranges(least, most);
  }

  /** The nearest steps; values outside the range take its end. */
  public byte[] encode(float[] vector) {
    byte[] bytes = new byte[vector.length];
    for (int i = 0; i < bytes.length; i++) {
      float step = step(i);
      long steps = step == 0 ? 0 : Math.round((double) (vector[i] - min[i]) / step);
      bytes[i] = (byte) (Math.max(0, Math.min(STEPS, steps)) - 128);
    }
    return bytes;
  }

  /** The values of the steps: within half a step of what was encoded, if that was in the range. */
  public float[] decode(byte[] bytes) {
    float[] vector = new float[bytes.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = min[i] + (bytes[i] + 128) * step(i);
    }
    return vector;
  }

  private float step(int dimension) {
    return (max[dimension] - min[dimension]) / STEPS;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Int8Ranges that
        && Arrays.equals(min, that.min)
        && Arrays.equals(max, that.max);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(min) + Arrays.hashCode(max);
  }

  @Override
  public String toString() {
    return "Int8Ranges of " + min.length + " dimensions";
  }
}
