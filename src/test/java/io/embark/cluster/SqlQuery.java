package io.embark.cluster;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A Spark application that asks for embeddings in SQL and prints one line per row: text, number of
 * values, cosine with the text of row 0.
 */
public final class SqlQuery {
  private SqlQuery() {}

  public static void main(String[] args) {
    try (SparkSession spark = SparkSession.builder().appName("sql-query").getOrCreate()) {
      spark
          .range(0, 40, 1, 8)
          .selectExpr("id", "IF(id = 7, NULL, concat('why was card ', id, ' declined')) AS text")
          .createOrReplaceTempView("texts");
      for (Row row :
          spark
              .sql(
                  "SELECT id, size(embed_text(text)) AS n,"
                      + " cosine_similarity(embed_text(text), embed_text('why was card 0 declined'))"
                      + " AS score FROM texts ORDER BY id")
              .collectAsList()) {
        System.out.println("row: " + row.mkString(" "));
      }
    }
  }
}
