package io.embark.analysis.measure;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The correlation of two numbers over many pairs of them, each pair counted once or as often as a
 * {@link Resample} drew it.
 *
 * <p>Sorting is done once; each further figure takes one pass, so that a thousand replicates of a
 * hundred thousand pairs take seconds.
 */
public final class PairCorrelation {
  private final double[] x;
  private final double[] y;
  private final int[] orderOfX;
  private final int[] orderOfY;

  /**
   * @param x {@code [n]}, kept as it is, no NaN
   * @param y {@code [n]}, kept as it is, no NaN
   */
  public PairCorrelation(double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "A correlation needs pairs; found %d and %d values.".formatted(x.length, y.length));
    }
    if (Arrays.stream(x).anyMatch(Double::isNaN) || Arrays.stream(y).anyMatch(Double::isNaN)) {
      throw new IllegalArgumentException("A correlation needs numbers; found NaN.");
    }
    this.x = x;
    this.y = y;
    this.orderOfX = order(x);
    this.orderOfY = order(y);
  }

  /** Pearson's r, -1 to 1; NaN if one side does not vary. */
  public double pearson() {
    return pearson(once());
  }

  /** Pearson's r of a resample in which pairs count {@code [n]} times. */
  public double pearson(int[] counts) {
    return pearson(x, y, counts);
  }

  /**
   * Spearman's rank correlation: Pearson's r of the ranks, equal values having the mean of their
   * ranks (Spearman 1904). -1 to 1; NaN if one side does not vary.
   */
  public double spearman() {
    return spearman(once());
  }

  /** Spearman's rank correlation of a resample, its ranks taken anew. */
  public double spearman(int[] counts) {
    return pearson(ranks(x, orderOfX, counts), ranks(y, orderOfY, counts), counts);
  }

  /**
   * A figure of many resamples.
   *
   * @param figure {@link #pearson(int[])} or {@link #spearman(int[])} of this correlation
   * @param seed the same for figures that are to be compared with each other
   */
  public double[] replicates(ToDoubleFunction<int[]> figure, int replicates, long seed) {
    Resample resample = new Resample(x.length, seed);
    return IntStream.range(0, replicates)
        .mapToDouble(r -> figure.applyAsDouble(resample.draw()))
        .toArray();
  }

  /**
   * Draws of as many items as there are, with replacement. Two figures of the same items, taken
   * over the same draws, can be compared draw by draw, which leaves out the noise they share.
   */
  public static final class Resample {
    private final SplittableRandom random;
    private final int[] counts;

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

  private int[] once() {
    int[] counts = new int[x.length];
    Arrays.fill(counts, 1);
    return counts;
  }

  private static int[] order(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> values[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Mean ranks, from 0, of values that each occur {@code counts} times. */
  private static double[] ranks(double[] values, int[] order, int[] counts) {
    double[] ranks = new double[values.length];
    long before = 0;
    int from = 0;
    while (from < order.length) {
      int to = from;
      long tied = 0;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        tied += counts[order[to]];
        to++;
      }
      double rank = before + (tied - 1) / 2.0;
      for (int i = from; i < to; i++) {
        ranks[order[i]] = rank;
      }
      before += tied;
      from = to;
    }
    return ranks;
  }

  /** Of differences to one pair, so that rounding makes no variance of values that are equal. */
  private static double pearson(double[] x, double[] y, int[] counts) {
    int any = 0;
    while (any < counts.length - 1 && counts[any] == 0) {
      any++;
    }
    double fromX = x.length == 0 ? 0 : x[any];
    double fromY = x.length == 0 ? 0 : y[any];
    double n = 0;
    double meanX = 0;
    double meanY = 0;
    for (int i = 0; i < x.length; i++) {
      n += counts[i];
      meanX += counts[i] * (x[i] - fromX);
      meanY += counts[i] * (y[i] - fromY);
    }
    meanX /= n;
    meanY /= n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < x.length; i++) {
      double dx = x[i] - fromX - meanX;
      double dy = y[i] - fromY - meanY;
      xx += counts[i] * dx * dx;
      yy += counts[i] * dy * dy;
      xy += counts[i] * dx * dy;
    }
    return xy / Math.sqrt(xx * yy);
  }
}
