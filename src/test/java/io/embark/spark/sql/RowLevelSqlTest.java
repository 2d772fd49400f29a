package io.embark.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Statements that change rows of an Iceberg table do with {@code embed_text} what they do with a
 * function that is called row by row.
 */
class RowLevelSqlTest {
  private static final String NEAR =
      "aggregate(zip_with(E(%s), E('bank card'), (a, b) -> a * b), 0D, (s, p) -> s + p) > 0.0";

  private static SparkSession spark;
  private static EmbedRow embedRow;

  @BeforeAll
  static void session(@TempDir Path directory) throws IOException {
    spark =
        SqlSpark.with(
            builder ->
                builder
                    .withExtensions(new IcebergSparkSessionExtensions())
                    .config("spark.sql.catalog.rows", "org.apache.iceberg.spark.SparkCatalog")
                    .config("spark.sql.catalog.rows.type", "hadoop")
                    .config(
                        "spark.sql.catalog.rows.warehouse", directory.resolve("lake").toString()));
    embedRow = EmbedRow.in(spark, directory);
  }

  @AfterAll
  static void away() {
    embedRow.close();
  }

  static Stream<Arguments> statements() {
    String near = NEAR.formatted("text");
    return Stream.of(
            "DELETE FROM t WHERE " + near,
            "DELETE FROM t WHERE NOT (" + near + ") OR text IS NULL",
            "DELETE FROM t WHERE id IN (SELECT id FROM s WHERE " + NEAR.formatted("s.text") + ")",
            "DELETE FROM t WHERE E(text)[0] > 1000",
            "UPDATE t SET v = E(text)",
            "UPDATE t SET v = E(concat(text, ' law')) WHERE id < 4",
            "UPDATE t SET text = 'near' WHERE " + near,
            "UPDATE t SET v = CASE WHEN " + near + " THEN E(text) ELSE E('law') END WHERE id <> 2",
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = E(s.text)"
                + " WHEN NOT MATCHED THEN INSERT (id, text, v) VALUES (s.id, s.text, E(s.text))",
            "MERGE INTO t USING s ON t.id = s.id AND "
                + NEAR.formatted("s.text")
                + " WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, text) VALUES (s.id, s.text)",
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND "
                + NEAR.formatted("t.text")
                + " THEN UPDATE SET text = s.text WHEN NOT MATCHED BY SOURCE AND "
                + NEAR.formatted("t.text")
                + " THEN DELETE")
        .flatMap(
            statement ->
                // Updates are tried in one mode: these tests take their time. Calls in a subquery
                // of a statement that writes files anew: see docs/sql.md.
                Stream.of("copy-on-write", "merge-on-read")
                    .filter(
                        mode ->
                            mode.startsWith("merge") && !statement.startsWith("UPDATE")
                                || mode.startsWith("copy") && !statement.contains("IN (SELECT"))
                    .map(mode -> Arguments.of(mode, statement)));
  }

  @ParameterizedTest
  @MethodSource("statements")
  void aStatementDoesWhatItDoesRowByRow(String mode, String statement) {
    assertThat(after(mode, statement, "embed_text("))
        .isEqualTo(after(mode, statement, "embed_row("));
  }

  private static List<String> after(String mode, String statement, String function) {
    spark.sql("DROP TABLE IF EXISTS rows.db.t");
    spark.sql(
        """
        CREATE TABLE rows.db.t (id INT, text STRING, v ARRAY<FLOAT>) USING iceberg TBLPROPERTIES (
          'format-version' = '2', 'write.delete.mode' = '%1$s', 'write.update.mode' = '%1$s',
          'write.merge.mode' = '%1$s')
        """
            .formatted(mode));
    for (String rows :
        List.of(
            "(1, 'I lost my card', NULL), (2, 'The senate passed the law', NULL)",
            "(3, NULL, NULL), (4, 'bank card', NULL), (5, '', NULL), (6, 'a b c', NULL)")) {
      spark.sql("INSERT INTO rows.db.t VALUES " + rows);
    }
    spark.sql(
        "CREATE OR REPLACE TEMP VIEW s AS SELECT * FROM VALUES (1, 'card'), (4, 'law'), (9, 'a new row') AS s(id, text)");
    spark.sql(
        statement.replaceFirst("(FROM|UPDATE|INTO) t ", "$1 rows.db.t t ").replace("E(", function));
    return spark
        .sql("SELECT id, text, transform(v, x -> round(x, 4)) FROM rows.db.t ORDER BY id")
        .collectAsList()
        .stream()
        .map(Row::toString)
        .toList();
  }
}
