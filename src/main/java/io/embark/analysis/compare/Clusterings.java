package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.*;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.measure.ClusterAgreement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.evaluation.ClusteringEvaluator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Figures of k-means by cosine (MLlib): clusters against labels, silhouette and stability. */
final class Clusterings {
  private Clusterings() {}

  /**
   * @param rows column {@code vector}, and {@code label_index double} if {@code labels} is not 0;
   *     cached
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
    List<ClusterAgreement> agreements = agreements(clustered, pairs(labels, k, seeds), k);
    int runs = seeds * (seeds - 1) / 2;
    double stability =
        agreements.subList(0, runs).stream()
                .mapToDouble(ClusterAgreement::adjustedRandIndex)
                .reduce(0, Double::sum)
            / runs;
    figures.add(Figure.single(candidate, Measure.STABILITY, stability));
    if (labels > 0) {
      List<ClusterAgreement> found = agreements.subList(runs, runs + seeds);
      figures.add(ofSeeds(candidate, Measure.V_MEASURE, found, ClusterAgreement::vMeasure));
      figures.add(ofSeeds(candidate, Measure.NMI, found, ClusterAgreement::nmi));
      figures.add(ofSeeds(candidate, Measure.ARI, found, ClusterAgreement::adjustedRandIndex));
      figures.add(ofSeeds(candidate, Measure.CLUSTER_ACCURACY, found, ClusterAgreement::accuracy));
    }
    return figures;
  }

  private static Figure ofSeeds(
      Candidate candidate,
      Measure measure,
      List<ClusterAgreement> agreements,
      ToDoubleFunction<ClusterAgreement> figure) {
    return Figure.meanOf(candidate, measure, agreements.stream().mapToDouble(figure).toArray());
  }

  /** NaN where all rows fell into one cluster, of which there is no silhouette. */
  private static double silhouette(KMeansModel model, Dataset<Row> clustered, String column) {
    long used = Arrays.stream(model.summary().clusterSizes()).filter(size -> size > 0).count();
    return used < 2
        ? Double.NaN
        : new ClusteringEvaluator()
            .setDistanceMeasure("cosine")
            .setFeaturesCol("vector")
            .setPredictionCol(column)
            .evaluate(clustered);
  }

  /** Two columns of classes or clusters, of which the left one has {@code lefts} values. */
  private record Pair(String left, int lefts, String right) {}

  /** Every two runs, then the labels and each run. */
  private static List<Pair> pairs(int labels, int k, int seeds) {
    List<Pair> pairs = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      for (int before = 0; before < seed; before++) {
        pairs.add(new Pair("cluster" + before, k, "cluster" + seed));
      }
    }
    for (int seed = 0; seed < seeds && labels > 0; seed++) {
      pairs.add(new Pair("label_index", labels, "cluster" + seed));
    }
    return pairs;
  }

  /** The agreement of each pair of columns, all counted in one pass. */
  private static List<ClusterAgreement> agreements(Dataset<Row> rows, List<Pair> pairs, int k) {
    if (pairs.isEmpty()) {
      return List.of();
    }
    Column[] cells =
        pairs.stream()
            .map(p -> struct(col(p.left).cast("int").as("left"), col(p.right).as("right")))
            .toArray(Column[]::new);
    List<long[][]> tables = pairs.stream().map(pair -> new long[pair.lefts][k]).toList();
    for (Row row :
        rows.select(posexplode(array(cells)).as(new String[] {"pair", "cell"}))
            .groupBy("pair", "cell.left", "cell.right")
            .count()
            .collectAsList()) {
      tables.get(row.getInt(0))[row.getInt(1)][row.getInt(2)] = row.getLong(3);
    }
    return tables.stream().map(ClusterAgreement::new).toList();
  }
}
