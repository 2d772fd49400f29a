package io.embark.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.embed.VectorProvenance;
import io.embark.spark.TextEmbedder;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.testing.LocalSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.Metadata;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbedTextSqlTest {
  private static final List<String> TEXTS =
      Arrays.asList(
          "I lost my card",
          "My card was stolen",
          null,
          "The senate passed the law",
          " \t",
          "Where is my bank card?",
          "Congress debates a bill in a long session that went on for the whole night",
          "");

  @BeforeAll
  static void views() {
    SqlSpark.texts("texts", 2, TEXTS);
    SqlSpark.sql("SELECT id AS rid, text AS other, id % 2 AS grp FROM texts")
        .createOrReplaceTempView("others");
  }

  @AfterEach
  void settingsBack() {
    for (String key : new String[] {"max-length", "pooling", "model", "max-lenght"}) {
      SqlSpark.session().conf().unset("spark.embark." + key);
    }
    SqlSpark.session().conf().set("spark.sql.adaptive.enabled", "true");
    SqlSpark.session().catalog().clearCache();
  }

  private static Map<Object, List<Float>> vectors(Dataset<Row> query) {
    Map<Object, List<Float>> byId = new HashMap<>();
    for (Row row : query.collectAsList()) {
      byId.put(row.get(0), row.isNullAt(1) ? null : row.getList(1));
    }
    return byId;
  }

  private static Map<Object, List<Float>> reference(String pooling) {
    Dataset<Row> out =
        new TextEmbedder()
            .setModel("builtin:all-MiniLM-L6-v2")
            .setDevice("cpu")
            .setPooling(pooling)
            .setOutputType("float_array")
            .transform(LocalSpark.texts(2, TEXTS));
    return vectors(out.select("id", "embedding"));
  }

  private static void assertSame(Map<Object, List<Float>> found, Map<Object, List<Float>> wanted) {
    assertThat(found.keySet()).isEqualTo(wanted.keySet());
    wanted.forEach((id, vector) -> assertClose(found.get(id), vector, "id " + id));
  }

  private static void assertClose(List<Float> found, List<Float> wanted, String what) {
    if (wanted == null) {
      assertThat(found).as(what).isNull();
      return;
    }
    assertThat(found).as(what).hasSameSizeAs(wanted);
    for (int h = 0; h < wanted.size(); h++) {
      assertThat(found.get(h)).as(what).isCloseTo(wanted.get(h), within(1e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void vectorsEqualTextEmbedders(String adaptive) {
    SqlSpark.session().conf().set("spark.sql.adaptive.enabled", adaptive);
    assertSame(vectors(SqlSpark.sql("SELECT id, embed_text(text) FROM texts")), reference("mean"));
    assertSame(
        vectors(SqlSpark.sql("SELECT id, embed_text(text, NULL, 'cls') FROM texts")),
        reference("cls"));
  }

  @Test
  void nullAndBlankTextsHaveNoVector() {
    List<Row> rows =
        SqlSpark.sql(
                "SELECT id FROM (SELECT id, embed_text(text) e FROM texts) WHERE e IS NULL"
                    + " ORDER BY id")
            .collectAsList();
    assertThat(rows).extracting(row -> row.getLong(0)).containsExactly(2L, 4L, 7L);
    assertThat(SqlSpark.sql("SELECT embed_text(NULL), embed_text('')").first().anyNull()).isTrue();
  }

  @Test
  void explainShowsOneOperatorForSeveralCalls() {
    Dataset<Row> query =
        SqlSpark.sql("SELECT embed_text(text), embed_text(concat('x ', text)) FROM texts");
    String plan = query.queryExecution().toString();
    String physical = plan.substring(plan.indexOf("== Physical Plan =="));
    assertThat(physical.split("EmbedText \\[", -1)).hasSize(2);
    assertThat(physical)
        .containsPattern(
            "EmbedText \\[embed_text\\(text#\\d+, builtin:all-MiniLM-L6-v2, mean\\) AS"
                + " embedding0#\\d+, embed_text\\(concat\\(x , text#\\d+\\),"
                + " builtin:all-MiniLM-L6-v2, mean\\) AS embedding1#\\d+\\]");
    query.collect();
    assertThat(SqlSpark.operators(query)).hasSize(1);
    // Five texts with content, and all eight rows with 'x ' before a text that is not null.
    assertThat(SqlSpark.counted(query, "texts")).isEqualTo(5 + 7);
    assertThat(SqlSpark.counted(query, "numOutputRows")).isEqualTo(8);
    assertThat(SqlSpark.counted(query, "tokens")).isGreaterThan(50);
    assertThat(SqlSpark.counted(query, "modelTime")).isPositive();
    assertThat(query.columns()).containsExactly("embed_text(text)", "embed_text(concat(x , text))");
  }

  @Test
  void theSameCallTwiceIsComputedOnce() {
    // Also across a filter and a shuffle, and with the default model named or not.
    Dataset<Row> query =
        SqlSpark.sql(
            "SELECT id, embed_text(text) a, embed_text(text, 'builtin:all-MiniLM-L6-v2') b,"
                + " size(embed_text(text)), cosine_similarity(embed_text(text), embed_text('law'))"
                + " AS law FROM texts WHERE size(embed_text(text)) = 384");
    List<Row> rows = query.collectAsList();
    assertThat(rows)
        .hasSize(5)
        .allSatisfy(row -> assertThat(row.<Object>getAs("a")).isEqualTo(row.getAs("b")));
    // The constant is embedded once for each of the two partitions.
    assertThat(SqlSpark.counted(query, "texts")).isEqualTo(5 + 2);
    assertThat(query.orderBy("law").collectAsList().get(4).getLong(0)).isEqualTo(3);
  }

  @Test
  void poolingsAndModelsStandSideBySide() {
    Dataset<Row> query =
        SqlSpark.sql(
            "SELECT id, embed_text(text, 'builtin:all-MiniLM-L6-v2', 'mean'),"
                + " embed_text(text, 'builtin:all-MiniLM-L6-v2', 'cls'),"
                + " embed_text(text, 'builtin:bge-small-en-v1.5') FROM texts");
    assertSame(vectors(query.selectExpr("id", query("mean"))), reference("mean"));
    assertSame(vectors(query.selectExpr("id", query("cls"))), reference("cls"));
    query.collect();
    assertThat(SqlSpark.operators(query)).hasSize(1);
    // Mean and CLS come out of one pass, the other model makes a second one.
    assertThat(SqlSpark.counted(query, "texts")).isEqualTo(5 + 5);
    Row first = query.where("id = 0").first();
    assertThat(first.getList(3)).hasSize(384).isNotEqualTo(first.getList(1));
  }

  private static String query(String pooling) {
    return "`embed_text(text, builtin:all-MiniLM-L6-v2, %s)`".formatted(pooling);
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void aggregatesJoinsWindowsAndSubqueries(String adaptive) {
    SqlSpark.session().conf().set("spark.sql.adaptive.enabled", adaptive);
    // Inside an aggregate function, over its result, as a key, over a key.
    assertThat(
            SqlSpark.sql(
                    "SELECT id % 2, count(embed_text(text)), size(embed_text(max(text))),"
                        + " size(embed_text(concat('k', id % 2))) FROM texts GROUP BY id % 2"
                        + " ORDER BY 1")
                .collectAsList())
        .extracting(Row::toString)
        .containsExactly("[0,2,384,384]", "[1,3,384,384]");
    assertThat(
            SqlSpark.sql("SELECT embed_text(text), count(*) c FROM texts GROUP BY embed_text(text)")
                .collectAsList())
        .extracting(row -> row.getLong(1))
        .containsExactlyInAnyOrder(3L, 1L, 1L, 1L, 1L, 1L);
    // A condition over both sides of a join whose calls each read one side.
    for (String join :
        new String[] {
          "FROM texts JOIN others ON cosine_similarity(embed_text(text), embed_text(other)) > 0.99",
          "FROM texts, others WHERE cosine_similarity(embed_text(text), embed_text(other)) > 0.99"
        }) {
      Dataset<Row> pairs = SqlSpark.sql("SELECT id, rid, embed_text(text) " + join);
      assertThat(pairs.collectAsList())
          .hasSize(5)
          .allSatisfy(row -> assertThat(row.getLong(0)).isEqualTo(row.getLong(1)));
      assertThat(SqlSpark.counted(pairs, "texts")).as(join).isEqualTo(10);
    }
    assertThat(
            SqlSpark.sql(
                    "SELECT id, rid FROM texts LEFT JOIN others ON id = rid AND"
                        + " cosine_similarity(embed_text(text), embed_text(other)) > 0.99")
                .collectAsList())
        .hasSize(8)
        .filteredOn(row -> row.isNullAt(1))
        .hasSize(3);
    assertThat(
            SqlSpark.sql(
                    "SELECT id, row_number() OVER (PARTITION BY id % 2 ORDER BY"
                        + " cosine_similarity(embed_text(text), embed_text('card')) DESC) AS place"
                        + " FROM texts")
                .where("place = 1")
                .collectAsList())
        .hasSize(2);
    // Subqueries: scalar, EXISTS with a condition over both queries, IN; a common table expression.
    assertThat(
            SqlSpark.sql(
                    "WITH e AS (SELECT id, embed_text(text) v FROM texts) SELECT a.id FROM e a"
                        + " WHERE cosine_similarity(v, (SELECT embed_text('law'))) > 0.4 AND"
                        + " EXISTS (SELECT 1 FROM others WHERE rid = a.id AND"
                        + " cosine_similarity(embed_text(other), a.v) > 0.99) AND"
                        + " a.id IN (SELECT id FROM e WHERE size(v) = 384)")
                .collectAsList())
        .extracting(row -> row.getLong(0))
        .containsExactly(3L);
  }

  @Test
  void limitsAndFiltersComeBeforeEmbedding() {
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      many.add("text number " + i);
    }
    SqlSpark.texts("many", 2, many);
    Dataset<Row> limited = SqlSpark.sql("SELECT id, embed_text(text) FROM many LIMIT 10");
    assertThat(limited.collectAsList()).hasSize(10);
    assertThat(SqlSpark.counted(limited, "texts")).isEqualTo(10);
    Dataset<Row> sorted =
        SqlSpark.sql("SELECT embed_text(text) e, id FROM many ORDER BY id DESC LIMIT 3");
    assertThat(sorted.collectAsList())
        .extracting(row -> row.getLong(1))
        .containsExactly(3999L, 3998L, 3997L);
    assertThat(SqlSpark.counted(sorted, "texts")).isEqualTo(3);
    Dataset<Row> page =
        SqlSpark.sql("SELECT embed_text(text) e, id FROM many ORDER BY id LIMIT 3 OFFSET 5");
    assertThat(page.collectAsList()).extracting(row -> row.getLong(1)).containsExactly(5L, 6L, 7L);
    assertThat(SqlSpark.counted(page, "texts")).isEqualTo(3);
    Dataset<Row> filtered =
        SqlSpark.sql(
            "SELECT * FROM (SELECT id, embed_text(text) e FROM many) WHERE id < 7 AND"
                + " cosine_similarity(e, embed_text('text number 5')) > 0.99");
    assertThat(filtered.collectAsList()).extracting(row -> row.getLong(0)).contains(5L);
    assertThat(SqlSpark.counted(filtered, "texts")).isBetween(7L, 9L);
    // show() reads no more than it shows.
    Dataset<Row> first = SqlSpark.sql("SELECT id, embed_text(text) FROM many").limit(2);
    first.collect();
    assertThat(SqlSpark.counted(first, "texts")).isEqualTo(2);
  }

  @Test
  void columnsThatNobodyReadsAreNotCarriedAlong() {
    SqlSpark.sql("SELECT id, text, repeat(text, 100) AS large, id AS idle FROM texts")
        .createOrReplaceTempView("wide");
    Dataset<Row> query = SqlSpark.sql("SELECT id, embed_text(text) FROM wide DISTRIBUTE BY id");
    SqlSpark.optimized(query)
        .foreach(
            node -> {
              if (node instanceof EmbedTextPlan embed) {
                assertThat(ScalaSeq.toJava(embed.child().output()))
                    .extracting(column -> column.name())
                    .containsExactlyInAnyOrder("id", "text");
              }
              return scala.runtime.BoxedUnit.UNIT;
            });
    // A vector that nobody reads is not made.
    Dataset<Row> ids = SqlSpark.sql("SELECT id FROM (SELECT id, embed_text(text) FROM texts)");
    ids.collect();
    assertThat(SqlSpark.operators(ids)).isEmpty();
  }

  @Test
  void aCachedQueryIsNotEmbeddedAgain() {
    String select = "SELECT id, embed_text(text) AS e FROM texts";
    SqlSpark.sql(select).cache().count();
    // Another query with the same text finds it.
    Dataset<Row> again = SqlSpark.sql(select);
    assertThat(again.collectAsList()).hasSize(8);
    assertThat(again.queryExecution().executedPlan().toString()).contains("InMemoryTableScan");
    Dataset<Row> other = SqlSpark.sql("SELECT id, embed_text(text, NULL, 'cls') AS e FROM texts");
    assertThat(other.queryExecution().executedPlan().toString())
        .doesNotContain("InMemoryTableScan");
  }

  @Test
  void equalPartsOfAQueryAreComputedOnce() {
    Dataset<Row> query =
        SqlSpark.sql(
            "WITH e AS (SELECT grp, max(embed_text(other)) m FROM others GROUP BY grp)"
                + " SELECT a.grp FROM e a JOIN e b ON a.grp = b.grp");
    assertThat(query.collectAsList()).hasSize(2);
    assertThat(query.queryExecution().executedPlan().toString()).contains("ReusedExchange");
  }

  @Test
  void settingsComeFromTheSession() {
    SqlSpark.session().conf().set("spark.embark.max-length", "3");
    Dataset<Row> cut = SqlSpark.sql("SELECT embed_text('card lost'), embed_text('card stolen')");
    assertThat(cut.first().get(0)).isEqualTo(cut.first().get(1));
    SqlSpark.session().conf().unset("spark.embark.max-length");
    SqlSpark.session().conf().set("spark.embark.model", "builtin:bge-small-en-v1.5");
    Dataset<Row> bge = SqlSpark.sql("SELECT embed_text(text) AS e FROM texts");
    assertThat(bge.queryExecution().executedPlan().toString()).contains("bge-small-en-v1.5, cls");
    SqlSpark.session().conf().set("spark.embark.max-lenght", "3");
    assertThatThrownBy(() -> SqlSpark.sql("SELECT embed_text('x')"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("spark.embark.max-lenght")
        .hasMessageContaining("max-length");
  }

  @Test
  void aViewReadsTheSettingsOfWhoQueriesIt() {
    SqlSpark.sql("CREATE OR REPLACE TEMP VIEW made AS SELECT embed_text(text) AS e FROM texts");
    SqlSpark.session().conf().set("spark.embark.pooling", "cls");
    assertThat(SqlSpark.sql("SELECT e FROM made").queryExecution().executedPlan().toString())
        .contains("cls) AS");
  }

  @Test
  void columnsSayHowTheyWereMade() {
    Dataset<Row> query =
        SqlSpark.sql("SELECT e AS f FROM (SELECT embed_text(text) AS e FROM texts)");
    Metadata made = query.schema().apply("f").metadata().getMetadata(VectorProvenance.KEY);
    assertThat(made.getString("pooling")).isEqualTo("mean");
    assertThat(made.getLong("dimension")).isEqualTo(384);
    assertThat(made.getString("fingerprint")).hasSize(64);
  }

  @Test
  void whatCannotWorkIsRefusedBeforeTheFirstRow() {
    Map<String, String> refusals =
        Map.of(
            "SELECT embed_text(id) FROM texts", "embeds text (string), found bigint",
            "SELECT embed_text(text, text) FROM texts", "model must be a constant string",
            "SELECT embed_text(text, NULL, 3) FROM texts", "pooling must be a constant string",
            "SELECT embed_text()", "takes 1 to 3 arguments, found 0",
            "SELECT embed_text('x', 'builtin:nothing')", "unknown built-in model 'nothing'",
            "SELECT embed_text('x', '/no/such/model')", "/no/such/model",
            "SELECT embed_text('x', NULL, 'average')", "mean_sqrt_len");
    refusals.forEach(
        (query, message) ->
            assertThatThrownBy(() -> SqlSpark.sql(query))
                .as(query)
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining(message));
    // Of both sides: fine over an inner join, impossible in the condition of an outer one.
    assertThat(
            SqlSpark.sql(
                    "SELECT id FROM texts JOIN others ON id = rid AND"
                        + " size(embed_text(concat(text, other))) = 384")
                .collectAsList())
        .hasSize(5);
    assertThatThrownBy(
            () ->
                SqlSpark.sql(
                        "SELECT id FROM texts LEFT JOIN others ON id = rid AND"
                            + " size(embed_text(concat(text, other))) = 384")
                    .collectAsList())
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("both sides");
  }

  @Test
  void aTextOfChanceIsEmbeddedAsOftenAsItIsDrawn() {
    Dataset<Row> query =
        SqlSpark.sql(
            "SELECT embed_text(concat('n', rand())) a, embed_text(concat('n', rand())) b FROM"
                + " texts");
    assertThat(query.collectAsList())
        .hasSize(8)
        .allSatisfy(row -> assertThat(row.getList(0)).isNotEqualTo(row.getList(1)));
  }

  @Test
  void tablesAreWrittenWithVectorsAndTheirMetadata(@TempDir Path dir) {
    String path = dir.resolve("out").toString();
    SqlSpark.sql("SELECT id, embed_text(text) AS e FROM texts").write().parquet(path);
    Dataset<Row> read = SqlSpark.session().read().parquet(path);
    assertSame(vectors(read.select("id", "e")), reference("mean"));
    assertThat(read.schema().apply("e").metadata().contains(VectorProvenance.KEY)).isTrue();
    SqlSpark.session().read().parquet(path).createOrReplaceTempView("written");
    assertThatThrownBy(
            () ->
                SqlSpark.sql(
                    "SELECT cosine_similarity(e, embed_text('x', NULL, 'max')) FROM written"))
        .hasMessageContaining("made differently (pooling)");
  }

  @Test
  void functionsDescribeThemselves() {
    for (String function : new String[] {"embed_text", "pool_tokens", "cosine_similarity"}) {
      String described =
          SqlSpark.sql("DESCRIBE FUNCTION EXTENDED " + function).collectAsList().toString();
      assertThat(described)
          .contains("Usage: " + function + "(")
          .contains("Examples:")
          .contains("> SELECT " + function + "(");
    }
  }
}
