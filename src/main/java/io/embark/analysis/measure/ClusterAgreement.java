package io.embark.analysis.measure;

import java.util.Arrays;

/**
 * Agreement of a clustering with known classes, from the table that counts the items of each class
 * in each cluster. Names of clusters do not matter, only which items share one.
 */
public final class ClusterAgreement {
  private final long[][] table;
  private final long[] classes;
  private final long[] clusters;
  private final long items;

  /**
   * @param table {@code [classes][clusters]}, how many items of the class are in the cluster
   */
  public ClusterAgreement(long[][] table) {
    int width = table.length == 0 ? 0 : table[0].length;
    this.table = table;
    this.classes = new long[table.length];
    this.clusters = new long[width];
    long sum = 0;
    for (int i = 0; i < table.length; i++) {
      if (table[i].length != width) {
        throw new IllegalArgumentException("The table of classes and clusters is ragged.");
      }
      for (int j = 0; j < width; j++) {
        if (table[i][j] < 0) {
          throw new IllegalArgumentException("Found a negative count in the table.");
        }
        classes[i] += table[i][j];
        clusters[j] += table[i][j];
        sum += table[i][j];
      }
    }
    if (sum == 0) {
      throw new IllegalArgumentException("Found no item in the table of classes and clusters.");
    }
    this.items = sum;
  }

  /** 1 if each cluster holds items of one class only; 1 - H(class | cluster) / H(class). */
  public double homogeneity() {
    double entropy = entropy(classes);
    return entropy == 0 ? 1 : mutualInformation() / entropy;
  }

  /** 1 if all items of a class are in one cluster; 1 - H(cluster | class) / H(cluster). */
  public double completeness() {
    double entropy = entropy(clusters);
    return entropy == 0 ? 1 : mutualInformation() / entropy;
  }

  /**
   * The harmonic mean of homogeneity and completeness, 0 to 1: Rosenberg and Hirschberg (2007),
   * "V-measure: a conditional entropy-based external cluster evaluation measure", beta 1. The same
   * as mutual information over the arithmetic mean of the entropies.
   */
  public double vMeasure() {
    double h = homogeneity();
    double c = completeness();
    return h + c == 0 ? 0 : 2 * h * c / (h + c);
  }

  /**
   * Mutual information over the geometric mean of the entropies, 0 to 1: Strehl and Ghosh (2002),
   * "Cluster ensembles". 1 where both sides are one group, 0 where one of them is.
   */
  public double nmi() {
    double a = entropy(classes);
    double b = entropy(clusters);
    return a == 0 || b == 0 ? (a == b ? 1 : 0) : mutualInformation() / Math.sqrt(a * b);
  }

  /**
   * The Rand index corrected for chance, at most 1, about 0 for a random clustering: Hubert and
   * Arabie (1985), "Comparing partitions".
   */
  public double adjustedRandIndex() {
    double together = Arrays.stream(table).mapToDouble(ClusterAgreement::pairs).sum();
    double a = pairs(classes);
    double b = pairs(clusters);
    double all = items * (items - 1.0) / 2;
    double expected = all == 0 ? 0 : a * b / all;
    double most = (a + b) / 2;
    return most == expected ? 1 : (together - expected) / (most - expected);
  }

  /**
   * The fraction of items in the right cluster when clusters are assigned to classes one to one in
   * the best way ({@link Assignment}), 0 to 1.
   */
  public double accuracy() {
    return (double) Assignment.most(table) / items;
  }

  private double mutualInformation() {
    double sum = 0;
    for (int i = 0; i < classes.length; i++) {
      for (int j = 0; j < clusters.length; j++) {
        if (table[i][j] > 0) {
          double p = (double) table[i][j] / items;
          sum += p * Math.log(p * items / classes[i] * items / clusters[j]);
        }
      }
    }
    return Math.max(0, sum);
  }

  private double entropy(long[] groups) {
    double sum = 0;
    for (long group : groups) {
      if (group > 0) {
        double p = (double) group / items;
        sum -= p * Math.log(p);
      }
    }
    return sum;
  }

  private static double pairs(long[] groups) {
    return Arrays.stream(groups).mapToDouble(n -> n * (n - 1.0) / 2).sum();
  }
}
