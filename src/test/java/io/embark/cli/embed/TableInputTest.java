package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders that are tables, given as something to read. */
@Timeout(300)
@Interpreted
class TableInputTest {
  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;

  @BeforeAll
  static void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private Path table() {
    return directory.resolve("tables/one");
  }

  private Path output() {
    return directory.resolve("output");
  }

  private JobRun embed(Object input, Object... flags) {
    return JobRun.embed(
        List.of("--model", model, "--input", input, "--output", output(), "--output-col", "v2"),
        flags);
  }

  /** A table of three rows, and beside them a file of rows that were removed or never published. */
  @BeforeEach
  void makeTable() throws IOException {
    Path in = directory.resolve("in.jsonl");
    Files.writeString(
        in,
        "{\"id\": 1, \"text\": \"a\"}\n{\"id\": 2, \"text\": \"b\"}\n{\"id\": 3, \"text\": \"c\"}\n");
    JobRun.embed("--model", model, "--input", in, "--output", table()).assertDone();
    Path stray = directory.resolve("stray");
    LocalSpark.session()
        .read()
        .parquet(table().toString())
        .withColumn("text", org.apache.spark.sql.functions.lit("stale"))
        .coalesce(1)
        .write()
        .parquet(stray.toString());
    try (Stream<Path> files = Files.list(stray)) {
      Path part =
          files.filter(f -> f.getFileName().toString().startsWith("part-")).findFirst().get();
      Files.copy(part, table().resolve("part-00009-stale-00000.parquet"));
    }
    Files.delete(table().resolve("_SUCCESS"));
  }

  private List<String> texts(Object... flags) {
    embed(table(), flags).assertDone();
    return rows(output()).select("text").collectAsList().stream().map(r -> r.getString(0)).toList();
  }

  private static Dataset<Row> rows(Path table) {
    return LocalSpark.session().read().parquet(table.toString());
  }

  @Test
  void theCurrentVersionIsRead() {
    assertThat(texts("--columns", "text,id", "--account-prefix", "x_"))
        .containsExactlyInAnyOrder("a", "b", "c");
    assertThat(rows(output()).columns()).doesNotContain("embedding");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tables", "tables/*", "tables/one/*.parquet", "tables/*/*.parquet"})
  void whatLiesInItIsRefused(String input) {
    embed(directory.resolve(input))
        .assertRefused("a table of Embark's", "Name the table itself", "tables/one");
    assertThat(output()).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "_delta_log/00000000000000000000.json, Delta Lake",
    "metadata/v1.metadata.json, Apache Iceberg",
    "metadata/00000-aaaa.gz.metadata.json, Apache Iceberg",
    "metadata/version-hint.text, Apache Iceberg",
    ".hoodie/hoodie.properties, Apache Hudi",
    "_spark_metadata/0, a stream of Spark's"
  })
  void aTableOfAnotherKindIsRefused(String marker, String words) throws IOException {
    Path other = directory.resolve("lake/other");
    Path file = other.resolve("data/day=1/a.parquet");
    Files.createDirectories(file.getParent());
    try (Stream<Path> files = Files.list(directory.resolve("stray"))) {
      Files.copy(files.filter(f -> f.toString().endsWith(".parquet")).findFirst().get(), file);
    }
    TinyModels.writeFiles(other, Map.of(marker, "{}"));
    for (Object input :
        List.of(
            other,
            other.getParent(),
            other.resolve("data"),
            file,
            other + "/data/*",
            other + "/d*/*/*")) {
      JobRun run = embed(input);
      run.assertRefused(words, "lake/other");
    }
    assertThat(output()).doesNotExist();
    for (String command : List.of("search", "cluster")) {
      JobRun run =
          command.equals("search")
              ? JobRun.of("search", "--input", other.toString(), "--query", "a", "--device", "cpu")
              : JobRun.of("cluster", "--input", other.toString(), "--output", output().toString());
      run.assertRefused(words, "lake/other");
    }
  }

  @Test
  void aFolderCalledMetadataIsNone() throws IOException {
    TinyModels.writeFiles(
        directory, Map.of("plain/metadata/notes.txt", "b\n", "plain/a.txt", "a\n"));
    embed(directory.resolve("plain")).assertDone();
    assertThat(rows(output()).count()).isEqualTo(2);
  }

  @Test
  void aTableWhoseFirstRunIsPublishing() throws IOException {
    Path first = directory.resolve("first");
    TinyModels.writeFiles(first, Map.of("_embark/staging/0123/publish.json", "{}"));
    try (Stream<Path> files = Files.list(directory.resolve("stray"))) {
      Path part = files.filter(f -> f.toString().endsWith(".parquet")).findFirst().get();
      Files.copy(part, first.resolve("part-00000.parquet"));
    }
    JobRun run = embed(first);
    assertThat(run.exitCode()).as(run.out()).isEqualTo(ExitCode.FAILED);
    assertThat(run.error()).contains("publishing", "inspect.sh --repair", first.toString());
  }

  @Test
  void everyCommandReadsTheCurrentVersion() {
    JobRun search =
        JobRun.of(
            "search",
            "--input",
            table().toString(),
            "--query",
            "a",
            "--device",
            "cpu",
            "--top",
            "10");
    assertThat(search.exitCode()).as(search.err()).isZero();
    assertThat(search.out()).doesNotContain("stale");
    JobRun same = JobRun.of("vector-diff", table().toString(), table().toString());
    assertThat(same.exitCode()).as(same.out() + same.err()).isZero();
    assertThat(same.out()).contains("3 rows");
  }

  @ParameterizedTest
  @CsvSource({
    "_delta_log/00000000000000000000.json, Delta Lake",
    "metadata/v1.metadata.json, --table",
    ".hoodie/hoodie.properties, Apache Hudi",
    "_spark_metadata/0, a stream of Spark's"
  })
  void aTableOfAnotherKindIsNoOutput(String marker, String words) throws IOException {
    Path other = directory.resolve("lake/other");
    TinyModels.writeFiles(other, Map.of(marker, "{}", "part-0.parquet", "kept"));
    for (String mode : List.of("append", "incremental", "overwrite", "error")) {
      for (Path output : List.of(other, other.resolve("below"))) {
        JobRun.embed(
                List.of("--model", model, "--input", table(), "--output", output),
                "--id-col",
                "id",
                "--mode",
                mode)
            .assertRefused("output: ", "lake/other", words);
      }
    }
    assertThat(other.resolve(marker)).exists();
    assertThat(other.resolve("part-0.parquet")).hasContent("kept");
  }
}
