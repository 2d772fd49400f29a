package io.embark.analysis.compare;

import io.embark.analysis.measure.ClusterAgreement;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.evaluation.ClusteringEvaluator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * What k-means by cosine (MLlib) makes of vectors: how well clusters find labels, how far apart
 * they lie, and whether another seed finds the same ones.
 */
final class Clusterings {
  private Clusterings() {}

  /**
   * @param rows column {@code vector}, and {@code label_index double} if {@code labels} is not 0;
   *     cached
   * @param labels how many, or 0
   * @param k clusters
   * @param seeds how many runs
   */
  static List<Figure> measure(
      Dataset<Row> rows, Candidate candidate, int labels, int k, int seeds) {
    Dataset<Row> clustered = rows;
    double[] silhouette = new double[seeds];
    for (int seed = 0; seed < seeds; seed++) {
      KMeansModel model =
          new KMeans()
              .setK(k)
              .setSeed(seed + 1)
              .setDistanceMeasure("cosine")
              // All rows against all centres as a product of matrices: the same clusters, sooner.
              .setSolver("block")
              .setFeaturesCol("vector")
              .setPredictionCol("cluster" + seed)
              // MLlib caches blocks of its own, and warns where it sees that its input is cached.
              .fit(rows.select("vector"));
      clustered = model.transform(clustered);
      silhouette[seed] = silhouette(model, model.transform(rows), "cluster" + seed);
    }
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.meanOf(candidate, Measure.SILHOUETTE, silhouette));
    Tables tables = Tables.of(clustered, labels, k, seeds);
    figures.add(Figure.single(candidate, Measure.STABILITY, tables.stability()));
    if (labels > 0) {
      double[][] found = new double[4][seeds];
      for (int seed = 0; seed < seeds; seed++) {
        ClusterAgreement agreement = new ClusterAgreement(tables.ofLabels[seed]);
        found[0][seed] = agreement.vMeasure();
        found[1][seed] = agreement.nmi();
        found[2][seed] = agreement.adjustedRandIndex();
        found[3][seed] = agreement.accuracy();
      }
      figures.add(Figure.meanOf(candidate, Measure.V_MEASURE, found[0]));
      figures.add(Figure.meanOf(candidate, Measure.NMI, found[1]));
      figures.add(Figure.meanOf(candidate, Measure.ARI, found[2]));
      figures.add(Figure.meanOf(candidate, Measure.CLUSTER_ACCURACY, found[3]));
    }
    return figures;
  }

  /** NaN where all rows fell into one cluster, of which there is no silhouette. */
  private static double silhouette(KMeansModel model, Dataset<Row> clustered, String column) {
    long used = 0;
    for (long size : model.summary().clusterSizes()) {
      used += size > 0 ? 1 : 0;
    }
    return used < 2
        ? Double.NaN
        : new ClusteringEvaluator()
            .setDistanceMeasure("cosine")
            .setFeaturesCol("vector")
            .setPredictionCol(column)
            .evaluate(clustered);
  }

  /** Counts of items by label and cluster, and by the clusters of two runs. */
  private static final class Tables {
    private final long[][][] ofLabels;

    /** At {@code before * seeds + seed}; null for other two. */
    private final long[][][] ofPairs;

    private Tables(int labels, int k, int seeds) {
      ofLabels = new long[labels == 0 ? 0 : seeds][labels][k];
      ofPairs = new long[seeds * seeds][][];
      for (int seed = 0; seed < seeds; seed++) {
        for (int before = 0; before < seed; before++) {
          ofPairs[before * seeds + seed] = new long[k][k];
        }
      }
    }

    /** In one pass. */
    static Tables of(Dataset<Row> clustered, int labels, int k, int seeds) {
      Tables tables = new Tables(labels, k, seeds);
      List<Column> cells = new ArrayList<>();
      for (int seed = 0; seed < seeds; seed++) {
        if (labels > 0) {
          cells.add(cell(-1 - seed, functions.col("label_index"), seed));
        }
        for (int before = 0; before < seed; before++) {
          cells.add(cell(before * seeds + seed, functions.col("cluster" + before), seed));
        }
      }
      if (cells.isEmpty()) {
        return tables;
      }
      List<Row> counts =
          clustered
              .select(functions.explode(functions.array(cells.toArray(Column[]::new))).as("cell"))
              .groupBy("cell.table", "cell.left", "cell.right")
              .count()
              .collectAsList();
      for (Row row : counts) {
        int table = row.getInt(0);
        long[][] at = table < 0 ? tables.ofLabels[-1 - table] : tables.ofPairs[table];
        at[row.getInt(1)][row.getInt(2)] = row.getLong(3);
      }
      return tables;
    }

    private static Column cell(int table, Column left, int seed) {
      return functions.struct(
          functions.lit(table).as("table"),
          left.cast("int").as("left"),
          functions.col("cluster" + seed).cast("int").as("right"));
    }

    /** Mean adjusted Rand index of two runs; NaN of one run. */
    double stability() {
      int seeds = (int) Math.round(Math.sqrt(ofPairs.length));
      double sum = 0;
      int pairs = 0;
      for (int seed = 0; seed < seeds; seed++) {
        for (int before = 0; before < seed; before++) {
          sum += new ClusterAgreement(ofPairs[before * seeds + seed]).adjustedRandIndex();
          pairs++;
        }
      }
      return pairs == 0 ? Double.NaN : sum / pairs;
    }
  }
}
