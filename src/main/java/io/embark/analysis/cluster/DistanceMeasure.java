package io.embark.analysis.cluster;

import io.embark.Choice;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;

/** The distance that clusters are made and judged by. Its label is MLlib's name of it. */
public enum DistanceMeasure implements Choice {
  /** 1 - cosine: the direction counts, the length does not. */
  COSINE,
  /** The length of the straight line. */
  EUCLIDEAN;

  double distance(Vector vector, Vector centre) {
    return this == COSINE ? 1 - cosine(vector, centre) : Math.sqrt(Vectors.sqdist(vector, centre));
  }

  /** The name that {@code ClusteringEvaluator} has for it. */
  String ofEvaluator() {
    return this == COSINE ? "cosine" : "squaredEuclidean";
  }

  /** -1 to 1; 0 where a side is all zeros. */
  static double cosine(Vector left, Vector right) {
    double norms = Vectors.norm(left, 2) * Vectors.norm(right, 2);
    return norms == 0 ? 0 : Math.max(-1, Math.min(1, left.dot(right) / norms));
  }
}
