package io.embark.analysis.compare;

import java.util.Locale;

/** What is measured of each candidate. */
public enum Measure {
  SPEARMAN_COSINE("Spearman of cosine", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  SPEARMAN_DOT("Spearman of dot product", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  SPEARMAN_EUCLIDEAN(
      "Spearman of -Euclidean distance", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  SPEARMAN_MANHATTAN(
      "Spearman of -Manhattan distance", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  PEARSON_COSINE("Pearson of cosine", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  PEARSON_DOT("Pearson of dot product", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  PEARSON_EUCLIDEAN(
      "Pearson of -Euclidean distance", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  PEARSON_MANHATTAN(
      "Pearson of -Manhattan distance", Group.PAIRS, Better.MORE, Spread.BOOTSTRAP, 100),
  PROBE_ACCURACY("probe accuracy", Group.PROBE, Better.MORE, Spread.SPLITS, 100),
  PROBE_MACRO_F1("probe macro-F1", Group.PROBE, Better.MORE, Spread.SPLITS, 100),
  FEW_SHOT_ACCURACY("8-shot probe accuracy", Group.PROBE, Better.MORE, Spread.SEEDS, 100),
  FEW_SHOT_MACRO_F1("8-shot probe macro-F1", Group.PROBE, Better.MORE, Spread.SEEDS, 100),
  V_MEASURE("k-means V-measure", Group.CLUSTERS, Better.MORE, Spread.SEEDS, 100),
  NMI("k-means NMI", Group.CLUSTERS, Better.MORE, Spread.SEEDS, 100),
  ARI("k-means adjusted Rand index", Group.CLUSTERS, Better.MORE, Spread.SEEDS, 100),
  CLUSTER_ACCURACY("k-means accuracy", Group.CLUSTERS, Better.MORE, Spread.SEEDS, 100),
  SILHOUETTE("k-means silhouette", Group.SHAPE, Better.NEITHER, Spread.SEEDS, 1),
  STABILITY("k-means stability (ARI)", Group.SHAPE, Better.NEITHER, Spread.NONE, 1),
  MEAN_COSINE("mean cosine", Group.SHAPE, Better.NEITHER, Spread.NONE, 1),
  SD_COSINE("sd of cosine", Group.SHAPE, Better.NEITHER, Spread.NONE, 1),
  EFFECTIVE_RANK("effective rank", Group.SHAPE, Better.NEITHER, Spread.NONE, 1),
  HUBNESS("hubness (skewness of N_10)", Group.SHAPE, Better.NEITHER, Spread.NONE, 1),
  NEIGHBOUR_AGREEMENT("neighbours shared with others", Group.SHAPE, Better.NEITHER, Spread.NONE, 1);

  /** What a measure needs, and where reports show it. */
  public enum Group {
    PAIRS("Pairs with scores"),
    PROBE("Labels: logistic regression"),
    CLUSTERS("Labels: k-means"),
    SHAPE("Without labels");

    private final String title;

    Group(String title) {
      this.title = title;
    }

    public String title() {
      return title;
    }
  }

  /** Which figures are better. */
  public enum Better {
    MORE,
    /** A fact about the vectors that is neither good nor bad by itself. */
    NEITHER
  }

  private final String title;
  private final Group group;
  private final Better better;
  private final Spread spread;
  private final double scale;

  Measure(String title, Group group, Better better, Spread spread, double scale) {
    this.title = title;
    this.group = group;
    this.better = better;
    this.spread = spread;
    this.scale = scale;
  }

  /** As reports call it. */
  public String title() {
    return title;
  }

  public Group group() {
    return group;
  }

  public Better better() {
    return better;
  }

  public Spread spread() {
    return spread;
  }

  /** What tables multiply figures with: 100 for correlations and shares. */
  public double scale() {
    return scale;
  }

  /** The figure as tables print it. */
  public String print(double value) {
    return Double.isNaN(value)
        ? "-"
        : String.format(Locale.ROOT, scale == 1 ? "%.3f" : "%.2f", scale * value);
  }

  /** As {@code compare.json} calls it. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
