package io.embark.analysis.measure;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws of as many items as there are, with replacement: how often each was drawn. Two figures of
 * the same items, taken over the same draws, can be compared draw by draw, which leaves out the
 * noise they share.
 */
public final class Resample {
  private final SplittableRandom random;
  private final int[] counts;

  /**
   * @param items how many items there are
   * @param seed the same seed gives the same draws
   */
  public Resample(int items, long seed) {
    this.random = new SplittableRandom(seed);
    this.counts = new int[items];
  }

  /** Draws again. Returns the same array each time: how often each item was drawn. */
  public int[] draw() {
    Arrays.fill(counts, 0);
    for (int i = 0; i < counts.length; i++) {
      counts[random.nextInt(counts.length)]++;
    }
    return counts;
  }
}
