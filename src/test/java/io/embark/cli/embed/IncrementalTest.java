package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on an input that changes from day to day, on Parquet. */
@Timeout(300)
class IncrementalTest {
  @TempDir static Path models;
  private static Path model;
  @TempDir Path directory;

  private final Map<Integer, String> texts = new TreeMap<>();
  private final Map<Integer, String> tags = new TreeMap<>();

  @BeforeAll
  static void writeModel() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private Path input() throws IOException {
    StringBuilder lines = new StringBuilder();
    texts.forEach(
        (id, text) ->
            lines.append(
                "{\"id\": %d, \"text\": %s, \"tag\": \"%s\"}%n"
                    .formatted(
                        id,
                        text == null ? "null" : "\"" + text + "\"",
                        tags.getOrDefault(id, "-"))));
    Path file = directory.resolve("in.jsonl");
    if (!Files.exists(file) || !Files.readString(file).contentEquals(lines)) {
      Files.writeString(file, lines);
    }
    return file;
  }

  private String output() {
    return directory.resolve("out").toString();
  }

  private JobRun run(String mode, Object... flags) throws IOException {
    return JobRun.embed(
        List.of(
            "--model",
            model,
            "--pooling",
            "mean",
            "--input",
            input(),
            "--output",
            output(),
            "--id-col",
            "id",
            "--mode",
            mode),
        flags);
  }

  private void refused(JobRun run, String... parts) {
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.err()).contains(parts);
  }

  private JsonNode lastManifest() throws IOException {
    return JobRun.manifests(Path.of(output())).stream()
        .max(Comparator.comparing(m -> m.get("snapshot").asLong()))
        .orElseThrow();
  }

  private long embeddedRows() throws IOException {
    return lastManifest().at("/result/rows").asLong();
  }

  /**
   * Every reader sees each row of {@code texts} once, with the vector that an undisturbed run over
   * the same texts gives.
   */
  private void requireTable() throws IOException {
    Path fresh = directory.resolve("fresh");
    JobRun.embed(
            "--model",
            model,
            "--pooling",
            "mean",
            "--input",
            input(),
            "--output",
            fresh,
            "--mode",
            "overwrite")
        .assertDone();
    List<String> wanted = sorted(LocalSpark.session().read().parquet(fresh.toString()));
    assertThat(wanted).hasSize(texts.size());
    assertThat(sorted(Embark.read(LocalSpark.session(), output()))).isEqualTo(wanted);
    assertThat(sorted(LocalSpark.session().read().parquet(output())))
        .as("a reader that knows nothing of snapshots")
        .isEqualTo(wanted);
  }

  private static List<String> sorted(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).sorted().toList();
  }

  @Test
  void threeDaysOfAChangingInput() throws IOException {
    for (int id = 0; id < 600; id++) {
      texts.put(id, "text number " + id);
    }
    run("incremental", "--commit-rows", "100").assertDone();
    assertThat(embeddedRows()).isEqualTo(600);
    requireTable();

    // Day 2: 20 new, 7 changed, 5 gone (kept), 3 with another tag only, one text becomes null.
    for (int id = 600; id < 620; id++) {
      texts.put(id, "text number " + id);
    }
    for (int id = 0; id < 7; id++) {
      texts.put(id, "changed " + id);
    }
    texts.put(7, null);
    for (int id = 10; id < 13; id++) {
      tags.put(id, "tagged");
    }
    Map<Integer, String> gone = new TreeMap<>();
    for (int id = 50; id < 55; id++) {
      gone.put(id, texts.remove(id));
    }
    JobRun second = run("incremental").assertDone();
    assertThat(second.out())
        .contains("20 new, 8 changed, 3 with the same text", "5 gone, 584 as they were");
    assertThat(embeddedRows()).isEqualTo(28);
    texts.putAll(gone);
    requireTable();

    // Day 3: the five go for good, one text comes back as it was.
    gone.keySet().forEach(texts::remove);
    texts.put(0, "text number 0");
    run("incremental", "--sync-deletes").assertDone();
    assertThat(embeddedRows()).isEqualTo(1);
    requireTable();

    // Day 4: only deletes.
    texts.remove(1);
    run("incremental", "--sync-deletes").assertDone();
    assertThat(embeddedRows()).isZero();
    requireTable();

    JobRun again = run("incremental", "--sync-deletes").assertDone();
    assertThat(again.out()).contains("Nothing to do");
    assertThat(lastManifest().get("snapshot").asLong()).isEqualTo(4);
    assertThat(Path.of(output(), "_embark", "staging")).doesNotExist();
    assertThat(Path.of(output(), "_embark", "locks")).isDirectoryNotContaining("glob:**.json");
  }

  @Test
  void idsThatDoNotTellRowsApartAreRefused() throws IOException {
    texts.put(1, "one");
    refused(
        JobRun.embed(
            "--model", model, "--input", input(), "--output", output(), "--mode", "incremental"),
        "id-col: missing");
    Files.writeString(
        directory.resolve("twice.jsonl"),
        "{\"id\": 1, \"text\": \"a\"}\n{\"id\": 1, \"text\": \"b\"}\n{\"text\": \"c\"}\n");
    for (String before : List.of("", "made")) {
      if (!before.isEmpty()) {
        JobRun.embed(
                "--model", model, "--input", directory.resolve("in.jsonl"), "--output", output())
            .assertDone();
      }
      refused(
          JobRun.embed(
              "--model",
              model,
              "--input",
              directory.resolve("twice.jsonl"),
              "--output",
              output(),
              "--mode",
              "incremental",
              "--id-col",
              "id"),
          before.isEmpty() ? "null in 1 rows, 1 in 2 rows" : "has a column tag");
    }
  }

  @Test
  void aTableMadeOtherwiseIsRefusedFieldByField() throws IOException {
    texts.put(1, "one");
    run("incremental", "--max-length", "8").assertDone();
    JobRun run = run("incremental", "--max-length", "9", "--normalize", "l2");
    refused(run, "maxLength 8, the new one 9", "normalize 'none', the new one 'l2'");
    assertThat(run.err()).containsPattern("fingerprint +[0-9a-f]{12}").contains("pooling");
    requireTable0(1);
  }

  private void requireTable0(int rows) {
    assertThat(Embark.read(LocalSpark.session(), output()).count()).isEqualTo(rows);
  }

  /** Why it failed may have passed: memory, another device, other libraries. */
  @Test
  void rowsThatFailedAreTriedAgainUnlessToldNotTo() throws IOException {
    Path failing =
        TinyModels.graph()
            .hiddenSize(4)
            .failingFromId(3000)
            .writeDirectory(directory.resolve("failing"));
    List<Object> flags =
        List.of("--model", failing, "--canary", "off", "--on-row-error", "null", "--input");
    texts.put(1, "a b");
    texts.put(2, "hello");
    texts.put(3, "hello you");
    JobRun first = failingRun(flags);
    assertThat(first.exitCode()).as(first.err()).isEqualTo(ExitCode.PARTIAL);
    assertThat(lastManifest().at("/result/FAILED").asLong()).isEqualTo(2);

    texts.put(4, "c");
    tags.put(3, "tagged");
    JobRun second = failingRun(flags);
    assertThat(second.exitCode()).as(second.err()).isEqualTo(ExitCode.PARTIAL);
    assertThat(second.out()).contains("1 new, 0 changed, 2 failed before, 0 with the same text");
    assertThat(embeddedRows()).isEqualTo(3);
    List<Row> rows = Embark.read(LocalSpark.session(), output()).orderBy("id").collectAsList();
    assertThat(rows).extracting(r -> r.<Long>getAs("id")).containsExactly(1L, 2L, 3L, 4L);
    assertThat(rows.get(2).<String>getAs("tag")).isEqualTo("tagged");
    assertThat(rows.get(2).<String>getAs("status")).startsWith("FAILED: ");

    JobRun third = failingRun(flags, "--retry-failed", "false");
    assertThat(third.exitCode()).as(third.err()).isZero();
    assertThat(third.out()).contains("Nothing to do");
  }

  private JobRun failingRun(List<Object> flags, Object... more) throws IOException {
    List<Object> all = new ArrayList<>(flags);
    all.addAll(List.of(input(), "--output", output(), "--id-col", "id", "--mode", "incremental"));
    all.addAll(List.of(more));
    return JobRun.embed(all.toArray());
  }

  @Test
  void equalTextsAreEmbeddedOnceAndShareTheirVector() throws IOException {
    for (int id = 0; id < 90; id++) {
      texts.put(id, id % 9 == 8 ? null : "text " + id % 9);
    }
    JobRun run = run("error", "--dedupe", "global").assertDone();
    assertThat(run.out()).contains("81 rows share the vector of another row");
    assertThat(lastManifest().at("/result/distinctTexts").asLong()).isEqualTo(9);
    requireTable();
  }

  @Test
  void aLimitThatIsPassedPublishesNothing() throws IOException {
    texts.put(1, "long ".repeat(100));
    JobRun run = run("error", "--max-length", "16", "--max-lost-tokens", "1%");
    assertThat(run.exitCode()).isEqualTo(ExitCode.QUALITY);
    assertThat(run.err()).contains("lost to truncation", "Nothing was published");
    try (Stream<Path> files = Files.list(Path.of(output()))) {
      assertThat(files.map(f -> f.getFileName().toString())).containsExactly("_embark");
    }
    run("error", "--max-length", "16", "--max-lost-tokens", "90%").assertDone();
    assertThat(lastManifest().at("/result/resumedRows").asLong()).isEqualTo(1);
  }

  @Test
  void filesThatSomebodyElseAddedAreNotTakenForOurs() throws IOException {
    texts.put(1, "one");
    run("incremental").assertDone();
    Path stray = Path.of(output(), "stray.parquet");
    try (Stream<Path> files = Files.list(Path.of(output()))) {
      Files.copy(
          files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow(), stray);
    }
    texts.put(2, "two");
    refused(run("incremental"), "stray.parquet is in no snapshot");
    requireTable0(1);
    Files.delete(stray);
    run("incremental").assertDone();
    requireTable();
  }

  /** Spark gives names of files URL-encoded to those who ask for a row's. */
  @ParameterizedTest
  @ValueSource(strings = {"day 1.parquet", "50%20+ #1 tägl.parquet"})
  void adoptedFilesMayHaveAnyName(String name) throws IOException {
    for (int id = 0; id < 20; id++) {
      texts.put(id, "text number " + id);
    }
    run("error", "--partitions", "1").assertDone();
    adopt(name);
    texts.put(3, "changed");
    texts.put(20, "new");
    tags.put(4, "tagged");
    JobRun run = run("incremental").assertDone();
    assertThat(run.out()).contains("1 new, 1 changed, 1 with the same text");
    assertThat(Path.of(output(), name)).doesNotExist();
    requireTable();
  }

  /** Makes of the one file of the table one of that name, of which there are no records. */
  private void adopt(String name) throws IOException {
    Path table = Path.of(output());
    FileUtils.deleteDirectory(table.resolve("_embark").toFile());
    try (Stream<Path> files = Files.list(table)) {
      List<Path> data = files.filter(f -> f.toString().endsWith(".parquet")).toList();
      assertThat(data).hasSize(1);
      Files.move(data.get(0), table.resolve(name));
    }
  }

  /** Rows that are carried over from such files are held to their number too. */
  @Test
  void adoptedFilesHaveTheirNumbersOfRows() throws IOException {
    for (int id = 0; id < 20; id++) {
      texts.put(id, "text number " + id);
    }
    run("error", "--partitions", "3").assertDone();
    FileUtils.deleteDirectory(Path.of(output(), "_embark").toFile());
    texts.put(3, "changed");
    run("incremental").assertDone();
    requireTable();
    assertThat(lastSnapshotFiles())
        .hasSizeGreaterThan(1)
        .allSatisfy(file -> assertThat(file.path("rows").asLong(-1)).isPositive());
  }

  /** A damaged file of the table that is passed over would have its rows embedded beside it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"spark.sql.files.ignoreCorruptFiles", "spark.sql.files.ignoreMissingFiles"})
  void whatASessionPassesOverIsNotPassedOverInTheTable(String setting) throws IOException {
    for (int id = 0; id < 20; id++) {
      texts.put(id, "text number " + id);
    }
    run("incremental", "--partitions", "1").assertDone();
    Path file = Path.of(output(), lastSnapshotFiles().get(0).path("name").asText());
    byte[] whole = Files.readAllBytes(file);
    byte[] damaged = whole.clone();
    // Pages lie in front, the footer stays.
    Arrays.fill(damaged, 4, whole.length / 4, (byte) 0x55);
    Files.write(file, damaged);
    LocalSpark.session().conf().set(setting, "true");
    try {
      assertThat(run("incremental").exitCode()).isNotZero();
      assertThat(lastSnapshotFiles()).hasSize(1);
    } finally {
      LocalSpark.session().conf().unset(setting);
    }
    Files.write(file, whole);
    assertThat(run("incremental").assertDone().out()).contains("20 as they were");
  }

  /** On many cores Spark reads every small file in a task of its own. */
  @Test
  void manySmallFilesAreJoinedHoweverManyCoresThereAre() throws IOException {
    for (int id = 0; id < 400; id++) {
      texts.put(id, "text number " + id);
    }
    run("incremental", "--partitions", "40").assertDone();
    texts.put(0, "changed");
    // Of the session that the run finds and ends.
    LocalSpark.session().conf().set("spark.sql.files.minPartitionNum", "100");
    run("incremental", "--commit-rows", "200").assertDone();
    // One of the row that changed, and 399 rows in two.
    assertThat(lastSnapshotFiles()).hasSize(3);
    requireTable();
  }

  private JsonNode lastSnapshotFiles() throws IOException {
    String json = JobRun.of("inspect", output(), "--json").out();
    return new ObjectMapper().readTree(json).at("/snapshot/files");
  }

  @Test
  void int8RangesBelongToTheTable() throws IOException {
    for (int id = 0; id < 300; id++) {
      texts.put(id, "text number " + id);
    }
    run("incremental", "--output-type", "int8").assertDone();
    String before = Embark.read(LocalSpark.session(), output()).schema().json();
    for (int id = 300; id < 310; id++) {
      texts.put(id, "quite other words " + id);
    }
    run("incremental", "--output-type", "int8").assertDone();
    assertThat(Embark.read(LocalSpark.session(), output()).schema().json()).isEqualTo(before);
    assertThat(embeddedRows()).isEqualTo(10);
  }

  @Test
  void inspectTellsWhatATableIsMadeOf() throws IOException {
    texts.put(1, "one");
    assertThat(JobRun.of("inspect", output()).exitCode()).isEqualTo(ExitCode.BAD_USAGE);
    run("incremental").assertDone();
    texts.put(2, "two");
    run("incremental").assertDone();
    JobRun inspected = JobRun.of("inspect", output()).assertDone();
    assertThat(inspected.out())
        .contains("Snapshot 2 of 2 on record, made with --mode incremental", "2 rows, 2 files")
        .contains("embedding", "maxLength", "(--pooling)", "tokenizer.json")
        .doesNotContain("Problems");
    JsonNode json = new ObjectMapper().readTree(JobRun.of("inspect", output(), "--json").out());
    assertThat(json.get("runs")).hasSize(2);
    assertThat(json.at("/snapshot/files")).hasSize(2);
    assertThat(json.at("/runs/0/inputFiles/count").asInt()).isEqualTo(1);
    assertThat(json.at("/runs/0/model/sha256/tokenizer.json").asText()).hasSize(64);
    assertThat(json.at("/runs/0/versions/onnxruntime").asText()).matches("\\d+\\.\\d+\\.\\d+");

    String lost = json.at("/snapshot/files/0/name").asText();
    Files.delete(Path.of(output(), lost));
    JobRun damaged = JobRun.of("inspect", output());
    assertThat(damaged.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(damaged.out()).contains(lost + " is missing");
    assertThatThrownBy(() -> Embark.read(LocalSpark.session(), output()))
        .hasMessageContaining("lists files that are not there")
        .hasMessageContaining(lost);
  }

  @Test
  void tablesMadeOtherwiseAreNotComparable() throws IOException {
    texts.put(1, "one");
    run("incremental").assertDone();
    String other = directory.resolve("other").toString();
    JobRun.embed("--model", model, "--pooling", "max", "--input", input(), "--output", other)
        .assertDone();
    Dataset<Row> mean = Embark.read(LocalSpark.session(), output());
    Dataset<Row> max = Embark.read(LocalSpark.session(), other);
    Embark.requireComparable(mean, mean);
    assertThatThrownBy(() -> Embark.requireComparable(mean, max))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pooling: 'mean' and 'max'   <- must agree");
  }

  /** Spark's hash passes over nulls and over where a nested value begins and ends. */
  @Test
  void aValueThatMovesIsAChange() throws IOException {
    String row =
        "{\"id\": 1, \"text\": \"a\", \"home\": %s, \"house\": %s, \"tags\": %s, \"at\": %s}%n";
    String whole =
        "{\"id\": 2, \"text\": \"b\", \"home\": \"h\", \"house\": \"w\", \"tags\": [[\"x\"]],"
            + " \"at\": {\"n\": 1, \"m\": 1}}%n";
    String[][] states = {
      {"null", "\"x\"", "[[\"a\"], [\"b\"]]", "{\"n\": 1}"},
      {"\"x\"", "null", "[[\"a\"], [\"b\"]]", "{\"n\": 1}"},
      {"\"x\"", "null", "[[\"a\", \"b\"]]", "{\"n\": 1}"},
      {"\"x\"", "null", "[]", "{\"n\": 1}"},
      {"\"x\"", "null", "null", "{\"n\": 1}"},
      {"\"x\"", "null", "null", "{\"m\": 1}"},
    };
    Path file = directory.resolve("moving.jsonl");
    for (int i = 0; i < states.length; i++) {
      Files.writeString(file, row.formatted((Object[]) states[i]) + whole.formatted());
      for (boolean again : new boolean[] {false, true}) {
        JobRun run =
            JobRun.embed(
                    "--model",
                    model,
                    "--input",
                    file,
                    "--output",
                    output(),
                    "--id-col",
                    "id",
                    "--mode",
                    "incremental")
                .assertDone();
        if (again) {
          assertThat(run.out()).as("state %d again", i).contains("Nothing to do");
        } else if (i > 0) {
          assertThat(run.out())
              .as("state %d", i)
              .contains("1 with the same text but other columns changed, 0 gone, 1 as they were");
        }
      }
    }
  }
}
