package io.embark.analysis.cluster;

import io.embark.Choice;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.clustering.BisectingKMeans;
import org.apache.spark.ml.clustering.BisectingKMeansModel;
import org.apache.spark.ml.clustering.ClusteringSummary;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The clustering algorithms, both MLlib's. */
public enum Algorithm implements Choice {
  /** Lloyd's iterations from the starts of k-means|| (Bahmani et al. 2012). */
  KMEANS,
  /** Splits the largest cluster in two until there are enough (Steinbach et al. 2000). */
  BISECTING;

  /** MLlib's model, its cost as in {@link Clustering.Choice}. */
  record Fitted(Model<?> model, ClusteringSummary summary, double cost) {}

  /**
   * The settings of a training that do not depend on the data.
   *
   * @param starts trainings from other random starts, of which the one of least cost is kept: a
   *     single one may end far from the best clusters
   */
  public record Training(long seed, int iterations, int starts) {}

  Fitted fit(Dataset<Row> features, int k, DistanceMeasure distance, Training training) {
    Fitted best = null;
    for (int i = 0; i < training.starts; i++) {
      Fitted fitted = fitOnce(features, k, distance, training.seed + i, training.iterations);
      best = best == null || fitted.cost < best.cost ? fitted : best;
    }
    return best;
  }

  private Fitted fitOnce(
      Dataset<Row> features, int k, DistanceMeasure distance, long seed, int iterations) {
    if (this == KMEANS) {
      KMeans means = new KMeans().setK(k).setSeed(seed).setMaxIter(iterations);
      means.setFeaturesCol(Features.COLUMN).setDistanceMeasure(distance.label());
      KMeansModel model = means.fit(features);
      return new Fitted(model, model.summary(), model.summary().trainingCost());
    }
    BisectingKMeans splits = new BisectingKMeans().setK(k).setSeed(seed).setMaxIter(iterations);
    splits.setFeaturesCol(Features.COLUMN).setDistanceMeasure(distance.label());
    BisectingKMeansModel model = splits.fit(features);
    return new Fitted(model, model.summary(), model.summary().trainingCost());
  }

  static int predict(Model<?> model, Vector vector) {
    return model instanceof KMeansModel means
        ? means.predict(vector)
        : ((BisectingKMeansModel) model).predict(vector);
  }

  static Vector[] centres(Model<?> model) {
    return model instanceof KMeansModel means
        ? means.clusterCenters()
        : ((BisectingKMeansModel) model).clusterCenters();
  }
}
