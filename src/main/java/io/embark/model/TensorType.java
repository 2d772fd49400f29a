package io.embark.model;

import io.embark.vector.Half;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Types of numbers in a safetensors file, under the names they have there. Only those of floating
 * point in 16, 32 and 64 bits can be read; the others are known so that files which hold them as
 * well are understood.
 */
enum TensorType {
  F64(64) {
    @Override
    float read(ByteBuffer from) {
      return (float) from.getDouble();
    }
  },
  F32(32) {
    @Override
    float read(ByteBuffer from) {
      return from.getFloat();
    }
  },
  F16(16) {
    @Override
    float read(ByteBuffer from) {
      return Half.toFloat(from.getShort());
    }
  },
  BF16(16) {
    @Override
    float read(ByteBuffer from) {
      // The upper half of a float.
      return Float.intBitsToFloat(from.getShort() << 16);
    }
  },
  BOOL(8),
  F4(4),
  F6_E2M3(6),
  F6_E3M2(6),
  U8(8),
  I8(8),
  F8_E5M2(8),
  F8_E4M3(8),
  F8_E8M0(8),
  I16(16),
  U16(16),
  I32(32),
  U32(32),
  C64(64),
  I64(64),
  U64(64);

  static final String READABLE = "F32, F16, BF16 and F64";

  private final int bits;

  TensorType(int bits) {
    this.bits = bits;
  }

  static Optional<TensorType> of(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /** Bytes that so many values take, or empty if that is no whole number or beyond a long. */
  Optional<Long> bytes(long values) {
    try {
      long all = Math.multiplyExact(values, bits);
      return all % 8 == 0 ? Optional.of(all / 8) : Optional.empty();
    } catch (ArithmeticException e) {
      return Optional.empty();
    }
  }

  boolean readable() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  /** The next value of a little-endian buffer, rounded to a float. */
  float read(ByteBuffer from) {
    throw new UnsupportedOperationException(name());
  }
}
