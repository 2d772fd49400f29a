package io.embark.clustering;

import java.util.Locale;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.clustering.BisectingKMeans;
import org.apache.spark.ml.clustering.BisectingKMeansModel;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** How clusters are found, both as MLlib does it. */
public enum Algorithm {
  /** Lloyd's iterations from the starts of k-means|| (Bahmani et al. 2012). */
  KMEANS {
    @Override
    Fitted fit(Dataset<Row> features, int k, Nearness nearness, Training training) {
      KMeansModel model =
          new KMeans()
              .setFeaturesCol(Features.COLUMN)
              .setDistanceMeasure(nearness.trained())
              .setK(k)
              .setSeed(training.seed())
              .setMaxIter(training.iterations())
              .fit(features);
      return new Fitted(model, model.summary().trainingCost());
    }

    @Override
    int predict(Model<?> model, Vector vector) {
      return ((KMeansModel) model).predict(vector);
    }

    @Override
    Vector[] centres(Model<?> model) {
      return ((KMeansModel) model).clusterCenters();
    }
  },
  /** Splits the largest cluster in two until there are enough (Steinbach et al. 2000). */
  BISECTING {
    @Override
    Fitted fit(Dataset<Row> features, int k, Nearness nearness, Training training) {
      BisectingKMeansModel model =
          new BisectingKMeans()
              .setFeaturesCol(Features.COLUMN)
              .setDistanceMeasure(nearness.trained())
              .setK(k)
              .setSeed(training.seed())
              .setMaxIter(training.iterations())
              .fit(features);
      return new Fitted(model, model.summary().trainingCost());
    }

    @Override
    int predict(Model<?> model, Vector vector) {
      return ((BisectingKMeansModel) model).predict(vector);
    }

    @Override
    Vector[] centres(Model<?> model) {
      return ((BisectingKMeansModel) model).clusterCenters();
    }
  };

  /**
   * MLlib's model, and the sum of the distances (squared for {@link Nearness#EUCLIDEAN}) of the
   * rows to their centres.
   */
  record Fitted(Model<?> model, double cost) {}

  /** What both need besides the data. */
  public record Training(long seed, int iterations) {}

  abstract Fitted fit(Dataset<Row> features, int k, Nearness nearness, Training training);

  abstract int predict(Model<?> model, Vector vector);

  abstract Vector[] centres(Model<?> model);

  static Algorithm of(Model<?> model) {
    return model instanceof KMeansModel ? KMEANS : BISECTING;
  }

  /** The name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads an algorithm by its name.
   *
   * @throws IllegalArgumentException naming the known ones
   */
  public static Algorithm of(String text) {
    for (Algorithm algorithm : values()) {
      if (algorithm.label().equalsIgnoreCase(text.strip())) {
        return algorithm;
      }
    }
    throw new IllegalArgumentException("found '" + text + "', wanted kmeans or bisecting.");
  }
}
