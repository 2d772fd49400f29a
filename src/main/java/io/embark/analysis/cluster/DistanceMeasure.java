package io.embark.analysis.cluster;

import io.embark.Choice;
import io.embark.UserError;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;

/** The distance that clusters are made and judged by. */
public enum DistanceMeasure implements Choice {
  /** 1 - cosine: the direction counts, the length does not. */
  COSINE("cosine") {
    @Override
    double distance(Vector vector, Vector centre) {
      return 1 - cosine(vector, centre);
    }
  },
  /** The straight line. */
  EUCLIDEAN("squaredEuclidean") {
    @Override
    double distance(Vector vector, Vector centre) {
      return Math.sqrt(Vectors.sqdist(vector, centre));
    }
  };

  private final String evaluated;

  DistanceMeasure(String evaluated) {
    this.evaluated = evaluated;
  }

  abstract double distance(Vector vector, Vector centre);

  /** -1 to 1; 0 where a side is all zeros. */
  static double cosine(Vector left, Vector right) {
    double norms = Vectors.norm(left, 2) * Vectors.norm(right, 2);
    return norms == 0 ? 0 : Math.max(-1, Math.min(1, left.dot(right) / norms));
  }

  /** MLlib's name of it for training. */
  String trained() {
    return label();
  }

  /** MLlib's name of it for {@code ClusteringEvaluator}. */
  String evaluated() {
    return evaluated;
  }

  /**
   * Reads a distance by its name.
   *
   * @throws UserError naming the known ones
   */
  public static DistanceMeasure of(String text) {
    return Choice.of(DistanceMeasure.class, text);
  }
}
