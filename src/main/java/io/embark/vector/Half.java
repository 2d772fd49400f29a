package io.embark.vector;

/** Vectors as IEEE 754 binary16, in 16-bit integers; exact to about three decimal digits. */
public final class Half {
  private Half() {}

  /** The nearest halves, ties to even; beyond 65504 infinity. */
  public static short[] encode(float[] vector) {
    short[] bits = new short[vector.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = toBits(vector[i]);
    }
    return bits;
  }

  /** The values, exactly. */
  public static float[] decode(short[] bits) {
    float[] vector = new float[bits.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = toFloat(bits[i]);
    }
    return vector;
  }

  static short toBits(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (short) (sign | 0x7e00); // NaN
    }
    if (magnitude >= 0x477ff000) {
      return (short) (sign | 0x7c00); // rounds to 65520 or more: infinity
    }
    if (magnitude < 0x38800000) {
      // Subnormal: a multiple of 2^-24, which rint finds with ties to even.
      return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1p24f));
    }
    // Drop 13 bits of the fraction, ties to even; a carry moves into the exponent as it should.
    int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1);
    return (short) (sign | (rounded - 0x38000000 >>> 13));
  }

  /** The value, exactly. */
  public static float toFloat(short half) {
    int exponent = half >>> 10 & 0x1f;
    int fraction = half & 0x3ff;
    float magnitude;
    if (exponent == 0x1f) {
      magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else if (exponent == 0) {
      magnitude = fraction * 0x1p-24f;
    } else {
      magnitude = Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
    }
    return half < 0 ? -magnitude : magnitude;
  }
}
