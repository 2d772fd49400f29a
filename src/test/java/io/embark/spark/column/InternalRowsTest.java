package io.embark.spark.column;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.spark.TextEmbedder;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a query may do with rows that were embedded without a detour through Java objects. */
class InternalRowsTest {
  @TempDir static Path model;

  @BeforeAll
  static void write() {
    TinyModels.graph().hiddenSize(4).writeDirectory(model);
  }

  private static TextEmbedder embedder() {
    return new TextEmbedder().setModel(model.toString()).setDevice("cpu").setOutputType("float");
  }

  private static Dataset<Row> texts() {
    return LocalSpark.texts(2, "one", "two words", null, "three words here", " ");
  }

  @Test
  void joinedWithItself() {
    Dataset<Row> embedded = embedder().transform(texts());
    List<Row> pairs =
        embedded
            .as("a")
            .join(embedded.as("b"), functions.expr("a.id = b.id"))
            .selectExpr("a.id", "a.embedding <=> b.embedding", "a.text <=> b.text")
            .collectAsList();
    assertThat(pairs).hasSize(5).allMatch(row -> row.getBoolean(1) && row.getBoolean(2));
  }

  @Test
  void oneEmbedderBehindAnother() {
    // Spark hands rows of the first to the second as they are; both read ahead.
    Dataset<Row> once = embedder().setOutputCol("v1").transform(texts());
    Dataset<Row> twice =
        embedder().setOutputCol("v2").setAccountPrefix("second_").transform(once).orderBy("id");
    assertThat(twice.selectExpr("v1 <=> v2").collectAsList())
        .hasSize(5)
        .allMatch(row -> row.getBoolean(0));
    assertThat(
            twice
                .drop("v2", "second_token_count", "second_tokens_used", "second_truncated")
                .drop("second_unknown_token_ratio", "second_status")
                .collectAsList())
        .isEqualTo(once.orderBy("id").collectAsList());
  }

  @Test
  void columnsInAnyOrderCachedAndWithNestedFields() {
    Dataset<Row> in =
        texts().withColumn("nested", functions.expr("named_struct('x', id, 'y', text)"));
    Dataset<Row> embedded = embedder().transform(in);
    List<Row> wanted = in.selectExpr("nested.y", "id").orderBy("id").collectAsList();
    assertThat(embedded.selectExpr("nested.y", "id").orderBy("id").collectAsList())
        .isEqualTo(wanted);
    assertThat(embedded.orderBy("id").limit(3).selectExpr("nested.y", "id").collectAsList())
        .isEqualTo(wanted.subList(0, 3));
    assertThat(embedded.repartition(3).groupBy("nested.y").count().count()).isEqualTo(5);
    Dataset<Row> cached = embedded.selectExpr("status", "id", "embedding").cache();
    try {
      assertThat(cached.where("status = 'OK'").count()).isEqualTo(3);
      assertThat(cached.orderBy("id").collectAsList())
          .isEqualTo(
              embedded.selectExpr("status", "id", "embedding").orderBy("id").collectAsList());
    } finally {
      cached.unpersist();
    }
  }

  @Test
  void aSessionThatKnowsNothingOfEmbarkPlansIt() throws org.apache.spark.sql.AnalysisException {
    embedder().transform(texts()).createGlobalTempView("embedded_elsewhere");
    SparkSession other = LocalSpark.session().newSession();
    assertThat(
            other.sql("SELECT id FROM global_temp.embedded_elsewhere WHERE status = 'OK'").count())
        .isEqualTo(3);
  }
}
