package io.embark.cluster;

import io.embark.analysis.search.Metric;
import io.embark.analysis.search.VectorSearch;
import io.embark.spark.TextEmbedder;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Ranges, int8 vectors and a search, in a session whose serializer is Kryo. */
public final class KryoRun {
  private KryoRun() {}

  public static void main(String[] args) {
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
            .getOrCreate()) {
      Dataset<Row> texts =
          spark.sql("SELECT id AS query_id, concat('text ', id) AS query FROM range(0, 6, 1, 2)");
      TextEmbedder embedder = new TextEmbedder().setInputCol("query").setOutputType("int8");
      Dataset<Row> embedded = embedder.calibrate(texts).transform(texts).cache();
      Dataset<Row> table = embedded.withColumnRenamed("query_id", "id");
      long nearest =
          new VectorSearch(table, "embedding", List.of("id"), Metric.COSINE, 2)
              .of(embedded, "embedding")
              .where("rank = 1 AND id = query_id")
              .count();
      System.out.println("found themselves: " + nearest);
    }
  }
}
