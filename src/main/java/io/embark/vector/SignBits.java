package io.embark.vector;

import io.embark.UserError;

/**
 * Vectors as one bit per value: 1 for a value above zero. Bits are packed from the most significant
 * of the first byte on, as numpy's {@code packbits} does; the last byte is filled with zeros.
 */
public final class SignBits {
  private SignBits() {}

  /** {@code ceil(vector.length / 8)} bytes. */
  public static byte[] encode(float[] vector) {
    byte[] bits = new byte[(vector.length + 7) / 8];
    for (int i = 0; i < vector.length; i++) {
      if (vector[i] > 0) {
        bits[i / 8] |= (byte) (0x80 >>> i % 8);
      }
    }
    return bits;
  }

  /**
   * The signs, +1 and -1: their cosine falls with the Hamming distance of the bits.
   *
   * @throws UserError if the bytes are not those of so many values
   */
  public static float[] decode(byte[] bits, int dimension) {
    if (bits.length != (dimension + 7) / 8) {
      throw new UserError(
          "%d bytes do not hold the bits of %d values.".formatted(bits.length, dimension));
    }
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = (bits[i / 8] & 0x80 >>> i % 8) != 0 ? 1 : -1;
    }
    return vector;
  }
}
