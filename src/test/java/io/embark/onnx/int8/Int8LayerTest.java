package io.embark.onnx.int8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Int8LayerTest {
  private static final int IN = 40;
  private static final int OUT = 7;

  private static float[] random(int size, double width) {
    Random random = new Random(3);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (random.nextGaussian() * width);
    }
    return values;
  }

  /** Channel 5 is a hundred times as wide as the others. */
  private static Calibration.Range oneWideChannel() {
    float[] least = new float[IN];
    float[] most = new float[IN];
    double[] squares = new double[IN];
    for (int c = 0; c < IN; c++) {
      float width = c == 5 ? 100 : 1;
      least[c] = -width;
      most[c] = width / 2;
      squares[c] = width * width / 4.0;
    }
    return new Calibration.Range(least, most, squares, 1);
  }

  @Test
  void weightsAreWithinHalfAStep() {
    float[] weights = random(IN * OUT, 0.05);
    float[] smoothing = new float[IN];
    for (int i = 0; i < IN; i++) {
      smoothing[i] = 1 + i % 3;
    }
    Int8Graph.Weights layer = Int8Graph.Weights.of(weights, OUT, smoothing);
    for (int at = 0; at < weights.length; at++) {
      float step = layer.scales()[at % OUT];
      float back = step * ((layer.values()[at] & 0xff) - Int8Graph.Weights.ZERO);
      assertThat(back).isCloseTo(weights[at] * smoothing[at / OUT], within(step * 0.501f));
    }
  }

  @Test
  void aColumnOfZerosStaysZero() {
    Int8Graph.Weights layer = Int8Graph.Weights.of(new float[6], 2, new float[] {1, 1, 1});
    assertThat(layer.scales()).containsExactly(1, 1);
    assertThat(layer.values()).containsOnly((byte) Int8Graph.Weights.ZERO);
  }

  @Test
  void everyValueThatWasSeenFitsIntoTheSteps() {
    Calibration.Range range = oneWideChannel();
    float[] widest = new float[IN];
    Arrays.fill(widest, 0.1f);
    for (InputScale scale :
        new InputScale[] {InputScale.plain(range), InputScale.smooth(range, widest)}) {
      for (int c = 0; c < IN; c++) {
        for (float x : new float[] {range.least()[c], range.most()[c], 0}) {
          double q = Math.rint(x / scale.smoothing()[c] / scale.scale()) + scale.zero();
          assertThat(q).isBetween(0.0, 255.0);
        }
      }
    }
  }

  @Test
  void smoothingSharesTheWidthWithTheWeights() {
    Calibration.Range range = oneWideChannel();
    float[] widest = new float[IN];
    Arrays.fill(widest, 0.1f);
    InputScale plain = InputScale.plain(range);
    InputScale smooth = InputScale.smooth(range, widest);
    assertThat(plain.isSmooth()).isFalse();
    assertThat(smooth.isSmooth()).isTrue();
    assertThat(smooth.smoothing()[5] / smooth.smoothing()[0]).isCloseTo(10, within(0.1f));
    assertThat(range.largest(5)).isEqualTo(100);
    assertThat(smooth.scale() * smooth.smoothing()[0]).isLessThan(plain.scale() / 5);
  }

  @Test
  void rangesOfSeveralTextsAreJoined() {
    Calibration.Range a =
        new Calibration.Range(new float[] {-1}, new float[] {2}, new double[] {3}, 2);
    Calibration.Range b =
        new Calibration.Range(new float[] {-4}, new float[] {1}, new double[] {5}, 3);
    Calibration.Range both = a.and(b);
    assertThat(both.least()).containsExactly(-4);
    assertThat(both.most()).containsExactly(2);
    assertThat(both.squares()).containsExactly(8);
    assertThat(both.rows()).isEqualTo(5);
  }
}
