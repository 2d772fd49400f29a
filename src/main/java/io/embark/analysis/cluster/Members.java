package io.embark.analysis.cluster;

import static org.apache.spark.sql.functions.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/** Sizes of clusters and the rows nearest to their centres. */
public final class Members {
  /** More than are shown, for some of them may be the same text. */
  private static final int NEAREST = 20;

  private Members() {}

  /**
   * @param cohesion mean cosine of its vectors to its centre, -1 to 1
   * @param distance mean distance to its centre
   */
  public record Size(int cluster, long rows, double cohesion, double distance) {}

  /** A row near the centre of its cluster. */
  public record Medoid(String id, String text, double distance) {}

  /** Sums up {@code distance} and {@code similarity} of each cluster with rows, by number. */
  public static List<Size> sizes(Dataset<Row> rows) {
    return rows
        .where(col("cluster").isNotNull())
        .groupBy("cluster")
        .agg(count(lit(1)), avg("similarity"), avg("distance"))
        .orderBy("cluster")
        .collectAsList()
        .stream()
        .map(r -> new Size(r.getInt(0), r.getLong(1), r.getDouble(2), r.getDouble(3)))
        .toList();
  }

  /**
   * The rows nearest to each centre, nearest first, each text once.
   *
   * @param rows columns {@code cluster}, {@code distance}, {@code id string}, {@code text string}
   */
  public static Map<Integer, List<Medoid>> medoids(Dataset<Row> rows, int most) {
    WindowSpec nearestFirst = Window.partitionBy("cluster").orderBy("distance", "id", "text");
    Dataset<Row> nearest =
        rows.where(col("cluster").isNotNull())
            .select("cluster", "id", "text", "distance")
            .withColumn("place", row_number().over(nearestFirst))
            .where(col("place").leq(Math.max(most, NEAREST)))
            .orderBy("cluster", "place");
    Map<Integer, List<Medoid>> medoids = new TreeMap<>();
    for (Row row : nearest.collectAsList()) {
      List<Medoid> list = medoids.computeIfAbsent(row.getInt(0), cluster -> new ArrayList<>());
      String text = row.getString(2);
      boolean seen = list.stream().anyMatch(m -> m.text != null && m.text.equals(text));
      if (list.size() < most && !seen) {
        list.add(new Medoid(row.getString(1), text, row.getDouble(3)));
      }
    }
    return medoids;
  }
}
