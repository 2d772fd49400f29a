package io.embark.bench;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** How the vectors of others lie to ours: a library that computes something else is not a peer. */
final class PeerVectors {
  /** The texts that are looked at. */
  static final int COMPARED = 50;

  private final SparkSession spark;
  private final Map<Long, float[]> ours;

  /**
   * @param folder with our vectors
   */
  PeerVectors(SparkSession spark, String folder) {
    this.spark = spark;
    this.ours = read(folder);
  }

  /** A line: median and least cosine, and median length. */
  void print(PrintWriter out, String name, String folder) {
    Map<Long, float[]> theirs = read(folder);
    if (!theirs.keySet().equals(ours.keySet())) {
      throw new IllegalStateException(name + " has not embedded the same texts");
    }
    double[] cosines =
        ours.entrySet().stream()
            .mapToDouble(
                our -> {
                  float[] their = theirs.get(our.getKey());
                  return dot(their, our.getValue()) / length(their) / length(our.getValue());
                })
            .toArray();
    double[] lengths = theirs.values().stream().mapToDouble(PeerVectors::length).toArray();
    out.printf(
        Locale.ROOT,
        "  %-50s %8.5f %8.5f %8.3f%n",
        name,
        new Repeats(cosines).median(),
        new Repeats(cosines).least(),
        new Repeats(lengths).median());
  }

  /** Those of the first texts, by id. */
  private Map<Long, float[]> read(String folder) {
    Map<Long, float[]> vectors = new TreeMap<>();
    for (Row row : spark.read().parquet(folder).where("id < " + COMPARED).collectAsList()) {
      List<Float> values = row.getList(row.fieldIndex("vector"));
      float[] vector = new float[values.size()];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = values.get(i);
      }
      vectors.put(row.getAs("id"), vector);
    }
    return vectors;
  }

  private static double length(float[] vector) {
    return Math.sqrt(dot(vector, vector));
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
