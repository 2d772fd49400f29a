package io.embark.analysis.measure;

import io.embark.UserError;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How well one number tells another, over many pairs of numbers, each pair counted once or as often
 * as a {@link Resample} drew it.
 *
 * <p>Sorting is done once; each further figure takes one pass, so that a thousand replicates of a
 * hundred thousand pairs take seconds.
 */
public final class PairCorrelation {
  private final double[] x;
  private final double[] y;
  private final int[] orderOfX;
  private final int[] orderOfY;
  private final double[] rankOfX;
  private final double[] rankOfY;

  /**
   * @param x {@code [n]}, kept as it is
   * @param y {@code [n]}, kept as it is
   * @throws UserError if the lengths differ or a value is NaN
   */
  public PairCorrelation(double[] x, double[] y) {
    if (x.length != y.length) {
      throw new UserError(
          "A correlation needs pairs; found %d and %d values.".formatted(x.length, y.length));
    }
    if (Arrays.stream(x).anyMatch(Double::isNaN) || Arrays.stream(y).anyMatch(Double::isNaN)) {
      throw new UserError("A correlation needs numbers; found NaN.");
    }
    this.x = x;
    this.y = y;
    this.orderOfX = order(x);
    this.orderOfY = order(y);
    this.rankOfX = new double[x.length];
    this.rankOfY = new double[x.length];
  }

  /** Pairs. */
  public int size() {
    return x.length;
  }

  /** Pearson's r, -1 to 1; NaN if one side does not vary. */
  public double pearson() {
    return pearson(once());
  }

  /**
   * Pearson's r of a resample.
   *
   * @param counts {@code [n]}, how often each pair counts
   */
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

  /**
   * Spearman's rank correlation of a resample, its ranks taken anew.
   *
   * @param counts {@code [n]}, how often each pair counts
   */
  public double spearman(int[] counts) {
    rank(x, orderOfX, counts, rankOfX);
    rank(y, orderOfY, counts, rankOfY);
    return pearson(rankOfX, rankOfY, counts);
  }

  /**
   * A figure of many resamples.
   *
   * @param figure of this correlation's {@link #pearson(int[])} or {@link #spearman(int[])}
   * @param seed the same for figures that are to be compared with each other
   * @return {@code [replicates]}
   */
  public double[] replicates(ToDoubleFunction<int[]> figure, int replicates, long seed) {
    Resample resample = new Resample(size(), seed);
    return IntStream.range(0, replicates)
        .mapToDouble(r -> figure.applyAsDouble(resample.draw()))
        .toArray();
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
  private static void rank(double[] values, int[] order, int[] counts, double[] ranks) {
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
