package io.embark.onnx.int8;

/**
 * The weights of a dense layer as 8-bit integers, {@code w = scale[o] * (values[i, o] - 128)}.
 *
 * <p>Unsigned, although they lie evenly around 128: processors without VNNI multiply unsigned bytes
 * by unsigned ones exactly, while sums of unsigned by signed saturate there at 16 bits.
 *
 * @param values {@code [in, out]}
 * @param scales {@code [out]}
 */
record Int8Layer(byte[] values, float[] scales) {
  static final int ZERO = 128;
  private static final int LARGEST = 127;

  /**
   * Rounds weights to the nearest of 255 steps, each column (output) in steps of its own.
   *
   * @param weights {@code [in, out]}
   * @param smoothing what each input is divided by beforehand, {@code [in]}; its weights are
   *     multiplied by it
   */
  static Int8Layer of(float[] weights, int out, float[] smoothing) {
    int in = weights.length / out;
    float[] scales = new float[out];
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        scales[o] = Math.max(scales[o], Math.abs(weights[i * out + o] * smoothing[i]));
      }
    }
    for (int o = 0; o < out; o++) {
      scales[o] = scales[o] == 0 ? 1 : scales[o] / LARGEST;
    }
    byte[] values = new byte[weights.length];
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        int at = i * out + o;
        values[at] = (byte) (ZERO + Math.round(weights[at] * smoothing[i] / scales[o]));
      }
    }
    return new Int8Layer(values, scales);
  }
}
