package io.embark.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.spark.TextEmbedder;
import io.embark.spark.column.OutputType;
import io.embark.testing.EmbeddedTables;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Spark gives a column of a UNION the metadata of the first branch. */
class UnionSqlTest {
  private static final String COSINE = "cosine_similarity(embedding, array(1f, 0f))";

  @BeforeAll
  static void tables() {
    table("narrow", OutputType.INT8, List.of(new float[] {1, 0}, new float[] {0, 1}));
    table("wide", OutputType.INT8, List.of(new float[] {100, 0}, new float[] {-100, 100}));
    table("floats", OutputType.FLOAT, List.of(new float[] {1, 0}, new float[] {0, 1}));
    table("bits", OutputType.BINARY, List.of(new float[] {1, 0}, new float[] {0, 1}));
    SqlSpark.sql(
            "SELECT *, embed_text('a') AS mean, embed_text('a', NULL, 'cls') AS cls FROM floats")
        .createOrReplaceTempView("made");
  }

  private static void table(String name, OutputType type, List<float[]> vectors) {
    Dataset<Row> rows = EmbeddedTables.of(type, List.of("a", "b"), vectors, 1);
    SqlSpark.session()
        .createDataFrame(rows.collectAsList(), rows.schema())
        .createOrReplaceTempView(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT %s FROM (SELECT * FROM narrow UNION ALL SELECT * FROM wide)",
        "SELECT %s FROM (SELECT * FROM narrow UNION SELECT * FROM wide)",
        "SELECT %s FROM (SELECT * FROM narrow UNION ALL SELECT * FROM narrow UNION ALL SELECT *"
            + " FROM wide)",
        "WITH u AS (SELECT embedding AS e FROM narrow UNION ALL SELECT embedding FROM wide)"
            + " SELECT %s FROM (SELECT id, u.e AS embedding FROM u, floats WHERE id > '' LIMIT 3)",
        "SELECT id FROM (SELECT * FROM narrow UNION ALL SELECT * FROM wide) ORDER BY %s",
        "SELECT embedding FROM floats f WHERE EXISTS (SELECT 1 FROM"
            + " (SELECT * FROM narrow UNION ALL SELECT * FROM wide) WHERE %s > 0)"
      })
  void branchesWithOtherRangesAreRefused(String query) {
    assertThatThrownBy(() -> SqlSpark.sql(query.formatted(COSINE)))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("of a UNION whose branches hold vectors that were stored differently")
        .hasMessageContaining("branch 1: int8 of 2 values, value 0 from 0.0 to 1.0")
        .hasMessageContaining("int8 of 2 values, value 0 from -100.0 to 100.0")
        .hasMessageContaining("Compute the cosine in each branch")
        .hasMessageContaining("--output-type float");
  }

  @Test
  void rangesCannotBeForced() {
    String forced = COSINE.substring(0, COSINE.length() - 1) + ", true)";
    assertThatThrownBy(
            () ->
                SqlSpark.sql(
                    "SELECT %s FROM (SELECT * FROM narrow UNION ALL SELECT * FROM wide)"
                        .formatted(forced)))
        .hasMessageContaining("stored differently");
  }

  /** Its rows go through a function on their way. */
  @Test
  void aUnionBelowATextEmbedderIsSeen() {
    new TextEmbedder()
        .setDevice("cpu")
        .setOutputCol("other")
        .transform(SqlSpark.sql("SELECT * FROM narrow UNION ALL SELECT * FROM wide"))
        .createOrReplaceTempView("embedded_union");
    assertThatThrownBy(() -> SqlSpark.sql("SELECT " + COSINE + " FROM embedded_union"))
        .hasMessageContaining("stored differently");
  }

  @Test
  void whatSparkCastsToOneTypeIsNotOfOneKind() {
    for (String branches :
        new String[] {
          "SELECT embedding FROM floats UNION ALL SELECT embedding FROM narrow",
          "SELECT embedding FROM narrow UNION ALL SELECT transform(embedding, b -> b) FROM wide"
        }) {
      assertThatThrownBy(() -> SqlSpark.sql("SELECT %s FROM (%s)".formatted(COSINE, branches)))
          .as(branches)
          .hasMessageContaining("stored differently");
    }
  }

  @Test
  void plainUnionsAreCompared() {
    for (String branches :
        new String[] {
          "SELECT id, embedding FROM narrow UNION ALL SELECT id, embedding FROM narrow",
          "SELECT id, embedding FROM narrow UNION ALL"
              + " SELECT 'none', CAST(NULL AS array<tinyint>) UNION ALL SELECT * FROM"
              + " (SELECT id, embedding FROM narrow)",
          "SELECT id, embedding FROM floats UNION ALL SELECT id, embedding FROM floats",
          "SELECT id, embedding FROM floats UNION ALL SELECT 'none', array(1f, 0f) WHERE false"
              + " UNION ALL SELECT id, embedding FROM floats",
          "SELECT id, embedding FROM bits UNION ALL SELECT id, embedding FROM bits"
        }) {
      String cosine =
          branches.contains("bits") ? "cosine_similarity(embedding, array(1f, -1f))" : COSINE;
      List<Row> rows =
          SqlSpark.sql(
                  "SELECT %s FROM (%s) WHERE embedding IS NOT NULL ORDER BY id"
                      .formatted(cosine, branches))
              .collectAsList();
      assertThat(rows).as(branches).hasSize(4);
      double[] wanted =
          branches.contains("bits") ? new double[] {1, 1, -1, -1} : new double[] {1, 1, 0, 0};
      for (int i = 0; i < 4; i++) {
        assertThat(rows.get(i).getDouble(0)).as(branches).isCloseTo(wanted[i], within(0.01));
      }
    }
  }

  @Test
  void branchesMadeDifferentlyAreRefusedUnlessForced() {
    String united = "(SELECT mean AS v FROM made UNION ALL SELECT cls FROM made)";
    for (String query :
        new String[] {
          "SELECT cosine_similarity(v, embed_text('a')%s) FROM " + united,
          "SELECT cosine_similarity(mean, (SELECT v FROM " + united + " LIMIT 1)%s) FROM made",
          "SELECT v FROM "
              + united
              + " u WHERE EXISTS"
              + " (SELECT 1 FROM made WHERE cosine_similarity(mean, u.v%s) > 0)"
        }) {
      assertThatThrownBy(() -> SqlSpark.sql(query.formatted("")))
          .as(query)
          .isInstanceOf(AnalysisException.class)
          .hasMessageContaining("of a UNION whose branches")
          .hasMessageContaining("made differently (pooling)")
          .hasMessageContaining("branches 1 and 2")
          .hasMessageContaining("true as the third argument");
      assertThat(SqlSpark.sql(query.formatted(", true")).schema().fields()).as(query).hasSize(1);
    }
  }
}
