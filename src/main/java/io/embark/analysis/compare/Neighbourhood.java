package io.embark.analysis.compare;

import dev.ludovic.netlib.blas.BLAS;
import io.embark.analysis.compare.EmbeddingPass.Candidate;
import java.util.Arrays;
import org.apache.spark.ml.linalg.Vectors;

/** The cosine of every pair of vectors, n(n-1)/2 products, and the nearest neighbours of each. */
final class Neighbourhood {
  /** Nearest neighbours that are looked at, as in the literature on hubness. */
  static final int K = 10;

  /** Bars of the histogram, over cosines from -1 to 1. */
  static final int BARS = 80;

  private final int k;
  private final int[][] nearest;
  private final double[][] cosines;

  private Neighbourhood(int n) {
    k = Math.min(K, n - 1);
    nearest = new int[n][k];
    cosines = new double[n][k];
    for (double[] of : cosines) {
      Arrays.fill(of, Double.NEGATIVE_INFINITY);
    }
  }

  /**
   * @param vectors {@code [n][dimension]}, scaled to length 1 in place; of at least two, those of
   *     length 0 stay and have cosine 0 with all
   */
  static Neighbours.Found of(Candidate candidate, double[][] vectors) {
    for (double[] vector : vectors) {
      double length = Vectors.norm(Vectors.dense(vector), 2);
      for (int h = 0; h < vector.length && length > 0; h++) {
        vector[h] /= length;
      }
    }
    Neighbourhood found = new Neighbourhood(vectors.length);
    long[] histogram = new long[BARS];
    BLAS blas = BLAS.getInstance();
    long pairs = 0;
    double average = 0;
    double squares = 0;
    for (int i = 0; i < vectors.length; i++) {
      for (int j = i + 1; j < vectors.length; j++) {
        double cosine = blas.ddot(vectors[i].length, vectors[i], 1, vectors[j], 1);
        pairs++;
        double off = cosine - average;
        average += off / pairs;
        squares += off * (cosine - average);
        histogram[Math.max(0, Math.min(BARS - 1, (int) ((cosine + 1) / 2 * BARS)))]++;
        found.offer(i, j, cosine);
        found.offer(j, i, cosine);
      }
    }
    double sd = Math.sqrt(squares / pairs);
    return new Neighbours.Found(candidate, average, sd, found.hubness(), histogram, found.nearest);
  }

  /** Keeps the k nearest, of equally near ones those that come first. */
  private void offer(int of, int candidate, double cosine) {
    double[] kept = cosines[of];
    if (k == 0 || cosine <= kept[k - 1]) {
      return;
    }
    int place = k - 1;
    while (place > 0 && kept[place - 1] < cosine) {
      kept[place] = kept[place - 1];
      nearest[of][place] = nearest[of][place - 1];
      place--;
    }
    kept[place] = cosine;
    nearest[of][place] = candidate;
  }

  /**
   * The skewness of N_k, how often each vector is among the k nearest of others: Radovanovic et al.
   * (2010), "Hubs in space". About 0 or a little above where all are alike, large where a few are
   * everybody's neighbours. 0 where N_k does not vary.
   */
  private double hubness() {
    double[] occurrences = new double[nearest.length];
    for (int[] of : nearest) {
      for (int neighbour : of) {
        occurrences[neighbour]++;
      }
    }
    double second = 0;
    double third = 0;
    for (double occurrence : occurrences) {
      // The mean is k, each vector having k neighbours.
      double off = occurrence - k;
      second += off * off / occurrences.length;
      third += off * off * off / occurrences.length;
    }
    return second == 0 ? 0 : third / Math.pow(second, 1.5);
  }

  /** The fraction of neighbours in common of all that either has (Jaccard), 0 to 1. */
  static double overlap(int[] a, int[] b) {
    long common = Arrays.stream(a).filter(x -> Arrays.stream(b).anyMatch(y -> x == y)).count();
    long all = a.length + b.length - common;
    return all == 0 ? 1 : (double) common / all;
  }
}
