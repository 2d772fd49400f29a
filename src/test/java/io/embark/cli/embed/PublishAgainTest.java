package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.table.Embark;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs that end while they publish, and the same command again. What makes them end is a file where
 * the folder of snapshots has to be: data files are in their places then, the version is not.
 */
@Timeout(300)
@Interpreted
class PublishAgainTest {
  private static final int ROWS = 7;
  @TempDir static Path models;
  private static Path model;
  @TempDir Path directory;

  @BeforeAll
  static void writeModel() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private Path input(String name, int from) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int id = from; id < from + ROWS; id++) {
      lines.append("{\"id\": %d, \"text\": \"row %d\"}%n".formatted(id, id));
    }
    return Files.writeString(directory.resolve(name), lines);
  }

  private Path output() {
    return directory.resolve("out");
  }

  private JobRun embed(Path input, String mode, String... more) {
    return JobRun.embed(
        List.of(
            "--model",
            model,
            "--input",
            input,
            "--output",
            output(),
            "--mode",
            mode,
            "--id-col",
            "id"),
        (Object[]) more);
  }

  private Dataset<Row> table() throws IOException {
    return Embark.read(LocalSpark.session(), output().toString());
  }

  private long distinctIds() throws IOException {
    return table().select("id").distinct().count();
  }

  /** What readers that know no snapshots get. */
  private long visibleRows() {
    return LocalSpark.session().read().parquet(output().toString()).count();
  }

  private void dieWhilePublishing(Path input, String mode, String... more) throws IOException {
    Path snapshots = output().resolve("_embark/snapshots");
    Files.createDirectories(snapshots.getParent());
    Files.createFile(snapshots);
    assertThat(embed(input, mode, more).exitCode()).isEqualTo(ExitCode.FAILED);
    Files.delete(snapshots);
    assertThat(visibleRows()).as("data files are in their places").isEqualTo(ROWS);
    assertThat(output().resolve("_SUCCESS")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"error", "append", "overwrite", "incremental"})
  void theSameCommandFinishesItAndDoesNothingTwice(String mode) throws IOException {
    Path input = input("a.jsonl", 0);
    dieWhilePublishing(input, mode);
    JobRun again = embed(input, mode);
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.out()).contains("died while it published", "version 1", "7 rows");
    assertThat(table().count()).isEqualTo(ROWS).isEqualTo(visibleRows());
    assertThat(output().resolve("_SUCCESS")).exists();
    try (Stream<Path> versions = Files.list(output().resolve("_embark/snapshots"))) {
      assertThat(versions).hasSize(1);
    }
  }

  @Test
  void anotherRunFinishesItAndGoesOnWithItsOwn() throws IOException {
    dieWhilePublishing(input("a.jsonl", 0), "append");
    JobRun other = embed(input("b.jsonl", 100), "append");
    assertThat(other.exitCode()).as(other.err()).isZero();
    assertThat(table().count()).isEqualTo(2 * ROWS).isEqualTo(distinctIds());
  }

  /** A mistyped flag must not cost the slices of the run that it was to go on with. */
  @ParameterizedTest
  @ValueSource(strings = {"--pooling cls", "--post all-but-the-top:1", "--id-col text"})
  void aRunThatIsRefusedLeavesAloneWhatAnotherHasStaged(String mistake) throws IOException {
    String[] flags = {"--max-length", "3"};
    assertThat(embed(input("a.jsonl", 0), "incremental", flags).exitCode()).isZero();
    Path input = input("b.jsonl", ROWS);
    Files.writeString(
        input, Files.readString(input).replaceAll("row \\d+", "the same text of several words"));
    JobRun gated = embed(input, "append", "--max-length", "3", "--max-lost-tokens", "0%");
    assertThat(gated.exitCode()).as(gated.err()).isNotZero();
    String mode = mistake.startsWith("--id-col") ? "incremental" : "append";
    String[] mistaken = mistake.split(" ");
    JobRun refused = embed(input, mode, "--max-length", "3", mistaken[0], mistaken[1]);
    assertThat(refused.exitCode()).as(refused.err()).isEqualTo(ExitCode.BAD_USAGE);
    JobRun again = embed(input, "append", flags);
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.out()).contains("Went on where an earlier attempt ended");
    assertThat(table().count()).isEqualTo(2 * ROWS);
    assertThat(output().resolve("_embark/staging")).doesNotExist();
  }

  @Test
  void failedRowsOfARunThatWasFinishedLaterAreSaid() throws IOException {
    Path input = input("a.jsonl", 0);
    Path failing =
        TinyModels.graph()
            .hiddenSize(4)
            .notFiniteFor(5216)
            .writeDirectory(models.resolve("failing"));
    String[] flags = {"--model", failing.toString(), "--on-row-error", "null"};
    List<Object> all = new ArrayList<>(List.of("--input", input, "--output", output()));
    all.addAll(List.of("--mode", "append"));
    all.addAll(List.of(flags));
    Path snapshots = output().resolve("_embark/snapshots");
    Files.createDirectories(snapshots.getParent());
    Files.createFile(snapshots);
    assertThat(JobRun.embed(all.toArray()).exitCode()).isEqualTo(ExitCode.FAILED);
    Files.delete(snapshots);
    assertThat(JobRun.embed(all.toArray()).exitCode()).isEqualTo(ExitCode.PARTIAL);
  }

  /** As our own message advises where a record is damaged. */
  @Test
  void anewOverATableWithoutItsNewestRecord() throws IOException {
    Path input = input("a.jsonl", 0);
    assertThat(embed(input, "overwrite").exitCode()).isZero();
    Files.delete(output().resolve("_embark/snapshots/00000001.json"));
    JobRun again = embed(input, "overwrite");
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(table().count()).isEqualTo(ROWS).isEqualTo(visibleRows()).isEqualTo(distinctIds());
  }

  @Test
  void anewOverATableWithoutRecords() throws IOException {
    Path input = input("a.jsonl", 0);
    for (String mode : List.of("overwrite", "append")) {
      assertThat(embed(input, mode).exitCode()).isZero();
      assertThat(FileUtil.fullyDelete(output().resolve("_embark").toFile())).isTrue();
    }
    assertThat(embed(input, "append").exitCode()).isZero();
    assertThat(table().count()).isEqualTo(3 * ROWS).isEqualTo(visibleRows());
    assertThat(distinctIds()).isEqualTo(ROWS);
  }
}
