package io.embark.cli.analysis;

import static org.apache.spark.sql.functions.col;

import io.embark.analysis.cluster.Features;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.apache.spark.ml.feature.Normalizer;
import org.apache.spark.ml.feature.PCA;
import org.apache.spark.ml.feature.PCAModel;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/**
 * Rows on a plane: the two directions in which their vectors, scaled to length 1, vary most.
 *
 * @param explained share of the variance that these hold, 0 to 1
 */
record ClusterMap(double explained, List<Point> points) {

  /** A row. */
  record Point(double x, double y, int cluster, String text) {}

  /**
   * Lays out every row that has a cluster.
   *
   * @param rows columns {@code vector}, {@code cluster} and {@code text}, so many that they fit on
   *     the driver without their vectors
   */
  static ClusterMap of(Dataset<Row> rows) {
    Dataset<Row> unit =
        new Normalizer()
            .setInputCol("vector")
            .setOutputCol(Features.COLUMN)
            .transform(rows.where(col("cluster").isNotNull()))
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      if (unit.limit(3).count() < 3) {
        return new ClusterMap(0, List.of());
      }
      PCAModel pca = new PCA().setInputCol(Features.COLUMN).setOutputCol("place").setK(2).fit(unit);
      List<Point> points = new ArrayList<>();
      for (Row row : pca.transform(unit).select("place", "cluster", "text").collectAsList()) {
        Vector place = row.getAs(0);
        points.add(new Point(place.apply(0), place.apply(1), row.getInt(1), row.getString(2)));
      }
      double[] explained = pca.explainedVariance().toArray();
      return new ClusterMap(DoubleStream.of(explained).sum(), points);
    } finally {
      unit.unpersist();
    }
  }
}
