package io.embark.cli.analysis;

import static org.apache.spark.sql.functions.col;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.analysis.cluster.Features;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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
 * The HTML report of a clustering, which needs no network and no other file. Data go in as JSON and
 * come out as text nodes, so that no text of the table is ever read as markup.
 */
final class ClusterPage {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ClusterPage() {}

  private record Data(ClusterReport report, Plane map) {}

  static byte[] of(ClusterReport report, Plane map) throws IOException {
    // It can neither end the element that it stands in nor be a comment.
    String data =
        JSON.writeValueAsString(new Data(report, map))
            .replace("<", "\\u003c")
            .replace(">", "\\u003e")
            .replace("&", "\\u0026");
    try (InputStream in = ClusterPage.class.getResourceAsStream("cluster.html")) {
      String page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return page.replace("/*DATA*/", data).getBytes(StandardCharsets.UTF_8);
    }
  }

  /**
   * Rows on a plane: the two directions in which their vectors, scaled to length 1, vary most.
   *
   * @param explained fraction of the variance that these hold, 0 to 1
   */
  record Plane(double explained, List<Point> points) {
    static final Plane EMPTY = new Plane(0, List.of());

    record Point(double x, double y, int cluster, String text) {}

    /**
     * Lays out every row that has a cluster.
     *
     * @param rows columns {@code vector}, {@code cluster} and {@code text}, so many that they fit
     *     on the driver without their vectors
     */
    static Plane of(Dataset<Row> rows) {
      Dataset<Row> unit =
          new Normalizer()
              .setInputCol("vector")
              .setOutputCol(Features.COLUMN)
              .transform(rows.where(col("cluster").isNotNull()))
              .persist(StorageLevel.MEMORY_AND_DISK());
      try {
        if (unit.limit(3).count() < 3) {
          return EMPTY;
        }
        PCAModel pca =
            new PCA().setInputCol(Features.COLUMN).setOutputCol("place").setK(2).fit(unit);
        List<Point> points = new ArrayList<>();
        for (Row row : pca.transform(unit).select("place", "cluster", "text").collectAsList()) {
          Vector place = row.getAs(0);
          points.add(new Point(place.apply(0), place.apply(1), row.getInt(1), row.getString(2)));
        }
        return new Plane(DoubleStream.of(pca.explainedVariance().toArray()).sum(), points);
      } finally {
        unit.unpersist();
      }
    }
  }
}
