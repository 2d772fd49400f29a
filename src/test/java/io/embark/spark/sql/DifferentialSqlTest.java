package io.embark.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import scala.collection.Iterator;

/**
 * Whatever the plan, {@code embed_text} gives what a function gives that is called row by row:
 * every query of {@code sql/differential.sql}, in each configuration.
 */
@Timeout(300)
class DifferentialSqlTest {
  private static final Pattern CALL = Pattern.compile("\\bE\\(");
  private static final Pattern ORDERED = Pattern.compile("ORDER BY [^()]*(\\[0\\])?[^()]*$");

  private static final String PACKED = "files packed";
  private static final Map<String, Map<String, String>> CONFIGURATIONS = new LinkedHashMap<>();

  static {
    CONFIGURATIONS.put("default", Map.of());
    CONFIGURATIONS.put(
        "neither adaptive nor compiled",
        Map.of(
            "spark.sql.adaptive.enabled", "false",
            "spark.sql.codegen.wholeStage", "false",
            "spark.sql.codegen.factoryMode", "NO_CODEGEN"));
    CONFIGURATIONS.put(
        "by costs, ANSI",
        Map.of(
            "spark.sql.cbo.enabled", "true",
            "spark.sql.cbo.joinReorder.enabled", "true",
            "spark.sql.cbo.planStats.enabled", "true",
            "spark.sql.ansi.enabled", "true"));
    // A partition then has several files.
    CONFIGURATIONS.put(PACKED, Map.of("spark.sql.files.minPartitionNum", "1"));
  }

  /** Queries that tell where rows lie; others are not run with packed files. */
  private static final Pattern FILED = Pattern.compile("input_file_|\\brand\\(|_id\\(\\)");

  /** Queries whose results depend on which rows share a partition, and so on the configuration. */
  private static final Pattern PLACED = Pattern.compile("\\brand\\(|_id\\(\\)");

  private static EmbedRow embedRow;

  @BeforeAll
  static void tables(@TempDir Path directory) throws IOException {
    SparkSession spark = SqlSpark.session();
    embedRow = EmbedRow.in(spark, directory);
    table(
        directory,
        "d",
        "id INT, text STRING, grp STRING",
        "(1, 'I lost my card', 'a'), (2, 'My card was stolen', 'a'), (3, NULL, 'a'),"
            + " (4, 'The senate passed the law', 'b'), (5, ' ', 'b'), (6, 'bank card', 'b'),"
            + " (7, 'I lost my card', 'c'), (8, 'Congress debates a bill', NULL), (9, '', 'c'),"
            + " (10, 'a b c d e f g h i j k', 'c')");
    table(
        directory,
        "t",
        "tid INT, topic STRING, tgrp STRING",
        "(1, 'cards and banks', 'a'), (2, 'politics', 'b'), (3, 'music', 'd'), (4, 'loans', 'a'),"
            + " (5, NULL, 'b'), (6, 'sports', NULL), (7, 'weather today', 'c')");
    table(
        directory,
        "x",
        "id INT, tid INT, w INT",
        "(1, 1, 1), (1, 2, 2), (2, 1, 3), (4, 2, 1), (6, 4, 2), (7, 7, 1), (8, 3, 5), (11, 1, 1)");
    table(directory, "n", "id INT, text STRING, grp STRING", null);
    SqlSpark.sql("DROP TABLE IF EXISTS f");
    SqlSpark.sql(
        "CREATE TABLE f USING parquet PARTITIONED BY (grp) LOCATION '%s' AS SELECT * FROM d"
            .formatted(directory.resolve("f").toUri()));
    UDF1<String, String> file = name -> name.replaceAll("^.*/grp=|/.*$", "");
    spark.udf().register("file", file, DataTypes.StringType);
  }

  private static void table(Path directory, String name, String columns, String rows) {
    SqlSpark.sql("DROP TABLE IF EXISTS " + name);
    SqlSpark.sql(
        "CREATE TABLE %s (%s) USING parquet LOCATION '%s'"
            .formatted(name, columns, directory.resolve(name).toUri()));
    if (rows != null) {
      SqlSpark.sql(
          "INSERT INTO %s SELECT /*+ REPARTITION(2) */ * FROM VALUES %s".formatted(name, rows));
    }
    SqlSpark.sql("ANALYZE TABLE %s COMPUTE STATISTICS FOR ALL COLUMNS".formatted(name));
  }

  @AfterEach
  void settingsBack() {
    RuntimeConfig conf = SqlSpark.session().conf();
    CONFIGURATIONS.values().forEach(settings -> settings.keySet().forEach(conf::unset));
  }

  @AfterAll
  static void away() {
    for (String name : List.of("d", "t", "x", "n", "f")) {
      SqlSpark.sql("DROP TABLE IF EXISTS " + name);
    }
    SqlSpark.session().conf().unset("spark.embark.model");
    embedRow.close();
  }

  static List<String> queries() throws IOException {
    try (var in = DifferentialSqlTest.class.getResourceAsStream("/sql/differential.sql")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("--"))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("queries")
  void aQueryGivesWhatAFunctionGivesThatIsCalledRowByRow(String query) {
    List<String> wanted = run(query, "embed_row(");
    for (Map.Entry<String, Map<String, String>> configuration : CONFIGURATIONS.entrySet()) {
      if (configuration.getKey().equals(PACKED) && !FILED.matcher(query).find()) {
        continue;
      }
      configuration.getValue().forEach(SqlSpark.session().conf()::set);
      assertThat(run(query, "embed_text("))
          .as(configuration.getKey())
          .isEqualTo(PLACED.matcher(query).find() ? run(query, "embed_row(") : wanted);
      settingsBack();
    }
  }

  private static List<String> run(String query, String function) {
    List<String> rows = new ArrayList<>();
    for (Row row : SqlSpark.sql(CALL.matcher(query).replaceAll(function)).collectAsList()) {
      rows.add(text(row));
    }
    if (!ORDERED.matcher(query).find()) {
      rows.sort(null);
    }
    return rows;
  }

  /** A value without the last bits of its numbers, which may differ in a batch. */
  private static String text(Object value) {
    if (value instanceof Float || value instanceof Double) {
      double number = ((Number) value).doubleValue();
      return String.format(Locale.ROOT, "%.4f", Math.abs(number) < 5e-5 ? 0 : number);
    }
    List<String> parts = new ArrayList<>();
    if (value instanceof Row row) {
      for (int i = 0; i < row.size(); i++) {
        parts.add(text(row.get(i)));
      }
      return "[" + String.join(", ", parts) + "]";
    }
    if (value instanceof scala.collection.Iterable<?> many) {
      Iterator<?> each = many.iterator();
      while (each.hasNext()) {
        parts.add(text(each.next()));
      }
      return "(" + String.join(", ", parts) + ")";
    }
    if (value instanceof scala.Tuple2<?, ?> entry) {
      return text(entry._1()) + " -> " + text(entry._2());
    }
    return String.valueOf(value);
  }
}
