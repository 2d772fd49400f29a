package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.JobRun;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The job around {@code VectorSearch}, with a model that costs nothing. */
@Timeout(180)
class SearchCommandTest {
  @TempDir static Path directory;
  private static Path model;
  private static Path table;

  @BeforeAll
  static void embed() {
    model =
        TinyModels.graph()
            .hiddenSize(8)
            .writeDirectory(
                directory.resolve("tiny"),
                Map.of(
                    "1_Pooling/config.json",
                    "{\"pooling_mode_mean_tokens\": true}",
                    "sentence_bert_config.json",
                    "{\"max_seq_length\": 16}"));
    StringBuilder lines = new StringBuilder();
    for (String text :
        List.of("the cat sat", "dogs, bark", "a b c", "blue red", "\u001b[31mevil", "one two")) {
      lines.append("{\"id\": %d, \"text\": \"%s\"}%n".formatted(lines.length(), json(text)));
    }
    lines.append("{\"id\": 9999, \"text\": null}\n");
    TinyModels.writeFiles(directory, Map.of("in.jsonl", lines.toString()));
    table = directory.resolve("table");
    JobRun run =
        JobRun.embed(
            "--model",
            model,
            "--input",
            directory.resolve("in.jsonl"),
            "--output",
            table,
            "--output-type",
            "float");
    assertThat(run.exitCode()).as(run.err()).isZero();
  }

  private static String json(String text) {
    return text.replace("\u001b", "\\u001b");
  }

  private static JobRun search(Object... flags) {
    List<String> all = new ArrayList<>(List.of("search", "--input", table.toString()));
    for (Object flag : flags) {
      all.add(flag.toString());
    }
    return JobRun.of(all.toArray(String[]::new));
  }

  @Test
  void aTextOfTheTableFindsItselfFirst() {
    JobRun run =
        search("--query", "dogs, bark", "--query", "a b c", "--top", "2", "--device", "cpu");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("7 rows, 1 without a vector")
        .containsPattern("\"dogs, bark\"\\R +1 +1\\.0000 +\\d+ +\"dogs, bark\"")
        .containsPattern("\"a b c\"\\R +1 +1\\.0000 +\\d+ +\"a b c\"");
    assertThat(run.out().lines().filter(l -> l.matches(" +2 .*"))).hasSize(2);
  }

  @Test
  void textsDoNotSteerTheTerminal() {
    JobRun run = search("--query", "\u001b[31mevil", "--device", "cpu");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("[31mevil").doesNotContain("\u001b");
  }

  @Test
  void filesOfQueriesComeOutAsParquetAndJson() {
    TinyModels.writeFiles(directory, Map.of("queries.txt", "blue red\n\none two\n"));
    for (String format : List.of("parquet", "json")) {
      Path output = directory.resolve("hits-" + format);
      JobRun run =
          search(
              "--queries",
              directory.resolve("queries.txt"),
              "--output",
              output,
              "--output-format",
              format,
              "--top",
              "3",
              "--device",
              "cpu");
      assertThat(run.exitCode()).as(run.err()).isZero();
      assertThat(run.out()).contains("1 queries have no vector", "hits of 2 queries");
      List<Row> hits =
          LocalSpark.session()
              .read()
              .format(format)
              .load(output.toString())
              .orderBy("query_id", "rank")
              .collectAsList();
      assertThat(hits).hasSize(6);
      assertThat(hits.get(0).<String>getAs("text")).isEqualTo("blue red");
      assertThat(hits.get(3).<String>getAs("query")).isEqualTo("one two");
      assertThat(hits.get(3).<String>getAs("text")).isEqualTo("one two");
    }
    search(
            "--queries",
            directory.resolve("queries.txt"),
            "--output",
            directory.resolve("hits-json"))
        .assertRefused("exists");
  }

  @Test
  void queriesMayBeFieldsAndAreWholeRows() {
    TinyModels.writeFiles(
        directory,
        Map.of(
            "queries.jsonl", "{\"q\": {\"text\": \"one two\"}}\n", "wide.tsv", "a\tq\n1\tb\tc\n"));
    JobRun run =
        search(
            "--queries",
            directory.resolve("queries.jsonl"),
            "--query-col",
            "q.text",
            "--top",
            "1",
            "--device",
            "cpu");
    assertThat(run.assertDone().out()).contains("\"one two\"");
    search("--queries", directory.resolve("wide.tsv"), "--query-col", "q", "--device", "cpu")
        .assertRefused("wide.tsv", "malformed");
  }

  @Test
  void vectorsOfATableAreTakenAsTheyAre() {
    JobRun run = search("--queries", table, "--top", "1", "--show", "3");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("vectors of column embedding", "\"the cat sat\"");
    assertThat(run.out().lines().filter(l -> l.matches(" +1 +1\\.0000 .*"))).hasSize(3);
  }

  @Test
  void anotherModelIsRefused() {
    Path other =
        TinyModels.graph().hiddenSize(6).writeDirectory(directory.resolve("other"), Map.of());
    search("--query", "x", "--model", other, "--device", "cpu")
        .assertRefused("not the one that made");
  }

  @Test
  void saysWhatIsMissing() {
    JobRun.of("search", "--query", "x").assertRefused("input: missing");
    search().assertRefused("--query TEXT");
    search("--query", "x", "--queries", "y").assertRefused("not both");
    search("--query", " ").assertRefused("blank");
    JobRun.of("search", "--input", "/no/such", "--query", "x").assertRefused("nothing at /no/such");
    search("--query", "x", "--id-col", "nope").assertRefused("id-col: no column 'nope'");
    search("--query", "x", "--vector-col", "text").assertRefused("no column of vectors");
    search("--query", "x", "--metric", "manhattan").assertRefused("metric: found 'manhattan'");
    search("--query", "x", "--output", table.resolve("sub")).assertRefused("lie in each other");
  }
}
