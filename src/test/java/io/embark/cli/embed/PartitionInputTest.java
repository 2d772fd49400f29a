package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.JobRun;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What names of directories say of the rows below them. */
@Timeout(300)
@Interpreted
class PartitionInputTest {
  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;

  @BeforeAll
  static void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private Path in() {
    return directory.resolve("in");
  }

  private Path output() {
    return directory.resolve("output");
  }

  private JobRun embed(Object... flags) {
    return JobRun.embed(List.of("--model", model, "--input", in(), "--output", output()), flags);
  }

  private Dataset<Row> rows() {
    return LocalSpark.session().read().parquet(output().toString());
  }

  private List<String> embedded(String columns, Object... flags) {
    embed(flags).assertDone();
    return rows().selectExpr(columns.split(", ")).collectAsList().stream()
        .map(Row::toString)
        .toList();
  }

  /** One row with a text, and a column of its own if there is one, in each format. */
  private void file(String format, String folder, String text, String column, String value)
      throws Exception {
    Path file = in().resolve(folder).resolve("a." + format);
    Files.createDirectories(file.getParent());
    String quoted = value == null ? "null" : "'" + value + "'";
    switch (format) {
      case "jsonl" ->
          Files.writeString(
              file,
              column == null
                  ? "{\"text\": \"%s\"}\n".formatted(text)
                  : "{\"text\": \"%s\", \"%s\": %s}\n"
                      .formatted(text, column, quoted.replace('\'', '"')));
      case "csv" ->
          Files.writeString(
              file,
              column == null
                  ? "text\n" + text + "\n"
                  : "text,%s\n%s,%s\n".formatted(column, text, value == null ? "" : value));
      default -> {
        Path written = directory.resolve("written");
        String more =
            column == null ? "" : ", CAST(%s AS STRING) AS `%s`".formatted(quoted, column);
        LocalSpark.session()
            .sql("SELECT '" + text + "' AS text" + more)
            .write()
            .mode("overwrite")
            .format(format)
            .save(written.toString());
        try (Stream<Path> files = Files.list(written)) {
          Path part =
              files.filter(f -> f.getFileName().toString().startsWith("part-")).findFirst().get();
          Files.move(part, file);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc", "jsonl", "csv"})
  void valuesStayAsTheyStandThere(String format) throws Exception {
    file(format, "zip=01234/day=2024-01-05", "a", null, null);
    file(format, "zip=99/day=__HIVE_DEFAULT_PARTITION__", "b", null, null);
    file(format, "zip=1.10/day=a%2Fb%3D%25", "c", null, null);
    file(format, "zip=__HIVE_DEFAULT_PARTITION__/day= x", "d", null, null);
    assertThat(embedded("text, zip, day"))
        .containsExactlyInAnyOrder(
            "[a,01234,2024-01-05]", "[b,99,null]", "[c,1.10,a/b=%]", "[d,null, x]");
  }

  @Test
  void anOlderTableIsNotMixedUp() throws Exception {
    file("parquet", "n=01/day=2024-01-05", "a", null, null);
    Object[] inferred = {"--partition-types", "inferred"};
    assertThat(embedded("text, n, day", inferred)).containsExactly("[a,1,2024-01-05]");
    assertThat(rows().schema().apply("n").dataType().simpleString()).isEqualTo("int");
    embed("--mode", "append")
        .assertRefused("its column n is int, the new one string", "--partition-types inferred");
    embed("--mode", "append", "--partition-types", "inferred").assertDone();
    assertThat(rows().where("n = 1").count()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "parquet, n, 7, 7, true",
    "parquet, n, 7, 8, false",
    "parquet, n, 7, , false",
    "parquet, N, 7, 8, false",
    "parquet, n, __HIVE_DEFAULT_PARTITION__, , true",
    "parquet, n, __HIVE_DEFAULT_PARTITION__, 7, false",
    "parquet, n, a%2Fb, a/b, true",
    "parquet, n, a%2Fb, a%2Fb, false",
    "orc, n, 7, 7, true",
    "orc, n, 7, 8, false",
    "jsonl, n, 7, 7, true",
    "jsonl, n, 7, 8, false",
    "jsonl, n, 7, , true",
    "csv, n, 7, 7, true",
    "csv, n, 7, 8, false",
    "csv, n, 7, , false",
  })
  void aColumnThatTheFilesHaveToo(
      String format, String column, String folder, String value, boolean same) throws Exception {
    file(format, "n=" + folder + "/x=1", "one", column, value);
    file(format, "n=" + folder + "/x=2", "two", column, value);
    if (same) {
      String wanted = value == null && format.equals("jsonl") ? "7" : value;
      assertThat(embedded("text, n"))
          .containsExactlyInAnyOrder("[one," + wanted + "]", "[two," + wanted + "]");
      return;
    }
    embed().assertRefused("column '" + column + "'", "/a." + format, "recursiveFileLookup=true");
    assertThat(output()).doesNotExist();
    assertThat(embedded("text, " + column, "--read-option", "recursiveFileLookup=true"))
        .containsExactlyInAnyOrder("[one," + value + "]", "[two," + value + "]");
  }

  @Test
  void aColumnThatSomeFilesHaveToo() throws Exception {
    file("parquet", "n=7/x=1", "one", null, null);
    file("parquet", "n=7/x=2", "two", "n", "7");
    assertThat(embedded("text, n")).containsExactlyInAnyOrder("[one,7]", "[two,7]");
    file("parquet", "n=7/x=3", "three", "n", "9");
    embed("--mode", "overwrite").assertRefused("'9'", "'7'", "x=3/a.parquet");
  }

  @Test
  void theFilesTypeIsKept() throws Exception {
    Path file = in().resolve("n=07/a.jsonl");
    TinyModels.writeFiles(in(), Map.of("n=07/a.jsonl", "{\"text\": \"a\", \"n\": 7}\n"));
    assertThat(embedded("n")).containsExactly("[7]");
    assertThat(rows().schema().apply("n").dataType().simpleString()).isEqualTo("bigint");
    Files.writeString(file, "{\"text\": \"a\", \"n\": 70}\n");
    embed("--mode", "overwrite").assertRefused("'70'", "'07'", file.toString());
  }

  @Test
  void linesOfTextBelowADirectoryOfTheirName() {
    TinyModels.writeFiles(in(), Map.of("value=x/a.txt", "a line\n"));
    embed().assertRefused("column 'value'", "'a line'", "'x'");
    TinyModels.writeFiles(in(), Map.of("value=x/a.txt", "", "text=x/a.txt", "a line\n"));
    assertThat(in().resolve("value=x/a.txt").toFile().delete()).isTrue();
    assertThat(in().resolve("value=x").toFile().delete()).isTrue();
    embed().assertRefused("text-col", "'text'");
    embed("--text-col", "line").assertDone();
  }
}
