package io.embark.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.platform.Fp16Conversions;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VectorEncodingsTest {

  private static float[] random(int length, long seed) {
    Random random = new Random(seed);
    float[] vector = new float[length];
    for (int i = 0; i < length; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  @Test
  void everyHalfHasItsValueAndComesBack() {
    for (int bits = 0; bits <= 0xffff; bits++) {
      short half = (short) bits;
      float value = Half.toFloat(half);
      float wanted = Fp16Conversions.fp16ToFloat(half);
      assertThat(Float.isNaN(value)).isEqualTo(Float.isNaN(wanted));
      if (!Float.isNaN(value)) {
        assertThat(value).isEqualTo(wanted);
        assertThat(Half.toBits(value)).isEqualTo(half);
      }
    }
  }

  @Test
  void floatsTakeTheNearestHalfTiesToEven() {
    // Between every two neighbours: below, at and above the middle.
    for (int bits = 0; bits < 0x7bff; bits++) {
      float low = Half.toFloat((short) bits);
      float high = Half.toFloat((short) (bits + 1));
      float middle = (float) (((double) low + high) / 2);
      assertThat(Half.toBits(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(Half.toBits(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      assertThat(Half.toBits(middle) & 1).isZero();
      assertThat(Half.toBits(-middle)).isEqualTo((short) (Half.toBits(middle) | 0x8000));
    }
    assertThat(Half.toFloat(Half.toBits(65519))).isEqualTo(65504);
    assertThat(Half.toFloat(Half.toBits(65520))).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Half.toFloat(Half.toBits(Float.NaN))).isNaN();
    assertThat(Half.decode(Half.encode(new float[] {0.5f, -2}))).containsExactly(0.5f, -2);
  }

  @Test
  void bitsAreTheSignsMostSignificantFirst() {
    float[] vector = {1, -1, 0, 2, -3, 4, 5, -6, 7, -8};
    byte[] bits = SignBits.encode(vector);
    assertThat(bits).containsExactly((byte) 0b10010110, (byte) 0b10000000);
    assertThat(SignBits.decode(bits, 10)).containsExactly(1, -1, -1, 1, -1, 1, 1, -1, 1, -1);
    assertThatThrownBy(() -> SignBits.decode(bits, 17)).hasMessageContaining("17");
  }

  @Test
  void bytesAreWithinHalfAStep() {
    Int8Ranges ranges = Int8Ranges.ofFirst(random(50, 0));
    for (int i = 1; i < 200; i++) {
      ranges = ranges.with(random(50, i));
    }
    for (int i = 0; i < 200; i++) {
      float[] vector = random(50, i);
      float[] decoded = ranges.decode(ranges.encode(vector));
      for (int d = 0; d < 50; d++) {
        float halfStep = (ranges.max()[d] - ranges.min()[d]) / 255 / 2;
        assertThat(decoded[d]).isCloseTo(vector[d], within(halfStep * 1.001f));
      }
    }
    // The ends of a range are exact enough to come back, and beyond them nothing wraps around.
    assertThat(ranges.encode(ranges.min())).containsOnly((byte) -128);
    assertThat(ranges.encode(ranges.max())).containsOnly((byte) 127);
    float[] beyond = ranges.max().clone();
    beyond[0] += 100;
    assertThat(ranges.encode(beyond)[0]).isEqualTo((byte) 127);
  }

  @Test
  void aDimensionThatNeverVariesKeepsItsValue() {
    Int8Ranges ranges = Int8Ranges.ofFirst(new float[] {0.25f});
    assertThat(ranges.decode(ranges.encode(new float[] {0.25f}))).containsExactly(0.25f);
  }

  @Test
  void rangesThatAreNoneAreRefused() {
    assertThatThrownBy(() -> new Int8Ranges(new float[] {1}, new float[] {0}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Int8Ranges.ofFirst(new float[] {Float.NaN}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Int8Ranges(new float[2], new float[3]))
        .hasMessageContaining("2 minima and 3 maxima");
  }
}
