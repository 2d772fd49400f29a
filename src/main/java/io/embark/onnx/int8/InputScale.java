package io.embark.onnx.int8;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The steps by which an input of dense layers becomes 8-bit integers, {@code q = round(x /
 * smoothing / scale) + zero}, the same for every text, so that no vector depends on its batch.
 *
 * <p>A few channels of a transformer are far wider than the rest and would take all the steps.
 * Dividing each by a constant, by which its weights are multiplied, shares the width between the
 * two: {@code smoothing = largest(x)^a / largest(w)^(1 - a)} (Xiao et al. 2023, SmoothQuant,
 * equation 4).
 *
 * @param smoothing {@code [in]}
 * @param scale the width of a step
 * @param zero the integer that stands for 0, 0 to 255
 */
record InputScale(float[] smoothing, float scale, int zero) {
  private static final int STEPS = 255;

  /** Room for values beyond those that were seen; what lies further out is cut off. */
  private static final float MARGIN = 1.1f;

  /** Bits of a mantissa that are kept, as the last bits differ by processor. */
  private static final int KEPT_BITS = 8;

  private static final float LEAST = 1e-5f;

  /** The exponent {@code a}. */
  private static final double EXPONENT = 0.5;

  /** Every channel as it is. */
  static InputScale plain(Calibration.Range range) {
    float[] ones = new float[range.least().length];
    Arrays.fill(ones, 1);
    return of(range, ones);
  }

  /** Wide channels made narrower, by the largest absolute weight that each channel meets. */
  static InputScale smooth(Calibration.Range range, float[] widest) {
    float[] smoothing = new float[widest.length];
    for (int c = 0; c < smoothing.length; c++) {
      double input = Math.pow(Math.max(range.largest(c), LEAST), EXPONENT);
      smoothing[c] = coarse((float) (input / Math.pow(Math.max(widest[c], LEAST), 1 - EXPONENT)));
    }
    return of(range, smoothing);
  }

  private static InputScale of(Calibration.Range range, float[] smoothing) {
    float least = 0;
    float most = 0;
    for (int c = 0; c < smoothing.length; c++) {
      least = Math.min(least, range.least()[c] / smoothing[c]);
      most = Math.max(most, range.most()[c] / smoothing[c]);
    }
    float width = Math.max((most - least) * MARGIN, LEAST);
    float scale = coarse(width / STEPS);
    return new InputScale(smoothing, scale, Math.min(STEPS, Math.round(-least * MARGIN / scale)));
  }

  /** Rounds up to {@value #KEPT_BITS} bits. */
  private static float coarse(float positive) {
    int dropped = 23 - KEPT_BITS;
    int bits = Float.floatToIntBits(positive) + (1 << dropped) - 1;
    return Float.intBitsToFloat(bits >> dropped << dropped);
  }

  /** Whether any channel is divided by something. */
  boolean isSmooth() {
    return IntStream.range(0, smoothing.length).anyMatch(c -> smoothing[c] != 1);
  }

  /** What a value is multiplied by before it is rounded to steps, {@code [in]}. */
  float[] factors() {
    float[] factors = new float[smoothing.length];
    for (int c = 0; c < factors.length; c++) {
      factors[c] = 1 / smoothing[c];
    }
    return factors;
  }

  /** Power of the rounding error, a step's width squared through 12, against that of the input. */
  double noise(Calibration.Range range) {
    double power = 0;
    for (int c = 0; c < smoothing.length; c++) {
      power += range.squares()[c] / range.rows() / smoothing[c] / smoothing[c];
    }
    return power == 0 ? 0 : (double) scale * scale / 12 * smoothing.length / power;
  }
}
