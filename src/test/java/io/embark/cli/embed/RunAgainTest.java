package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.table.Deaths;
import io.embark.table.Embark;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same command again, as a scheduler starts it after a death or an exit code that is not 0. */
@Timeout(300)
@Interpreted
class RunAgainTest {
  private static final int ROWS = 7;
  @TempDir static Path models;
  private static Path model;
  @TempDir Path directory;

  @BeforeAll
  static void writeModel() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  @AfterEach
  void nobodyDies() {
    Deaths.none();
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

  private EmbedInSession embed(Path input, String mode, String... more) throws Exception {
    List<String> flags = new ArrayList<>(List.of("--model", model.toString(), "--id-col", "id"));
    flags.addAll(List.of("--input", input.toString(), "--output", output().toString()));
    flags.addAll(List.of("--mode", mode));
    flags.addAll(List.of(more));
    return EmbedInSession.run(flags);
  }

  /** Has a run die after a step, without the lock that a dead process would not hold either. */
  private void die(String step, Path input, String mode, String... more) throws Exception {
    Deaths.after(step, 1, () -> {});
    assertThatThrownBy(() -> embed(input, mode, more)).isInstanceOf(Deaths.Died.class);
    Deaths.none();
  }

  /** Every reader, with and without knowledge of snapshots, gets so many rows. */
  private void requireRows(long rows, long ids) throws IOException {
    var table = Embark.read(LocalSpark.session(), output().toString());
    assertThat(table.count()).isEqualTo(rows);
    assertThat(LocalSpark.session().read().parquet(output().toString()).count()).isEqualTo(rows);
    assertThat(table.select("id").distinct().count()).isEqualTo(ids);
    assertThat(output().resolve("_SUCCESS")).exists();
    assertThat(output().resolve("_embark/staging")).doesNotExist();
  }

  private static void requirePublished(EmbedInSession run, int version) {
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains("already published", "7 rows into version " + version, "--run-id");
  }

  @ParameterizedTest
  @CsvSource({"append, ", "append, nightly-1", "error, ", "error, nightly-1"})
  void whatWasPublishedIsNotPublishedAgain(String mode, String runId) throws Exception {
    Path input = input("a.jsonl", 0);
    String[] named = runId == null ? new String[0] : new String[] {"--run-id", runId};
    // Killed when all was done but tidying up: its scheduler saw no exit code.
    die("PLAN_DELETED", input, mode, named);
    requirePublished(embed(input, mode, named), 1);
    requirePublished(embed(input, mode, named), 1);
    requireRows(ROWS, ROWS);
    // Others come and go meanwhile.
    assertThat(embed(input("b.jsonl", 100), "append").exitCode()).isZero();
    requirePublished(embed(input, mode, named), 1);
    requireRows(2 * ROWS, 2 * ROWS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PLAN_WRITTEN", "FILE_MOVED", "SNAPSHOT_WRITTEN", "SUCCESS_WRITTEN"})
  void anAppendThatSomebodyElseRecoveredCountsToo(String step) throws Exception {
    Path input = input("a.jsonl", 0);
    die(step, input, "append");
    assertThat(embed(input("b.jsonl", 100), "append").exitCode()).isZero();
    requirePublished(embed(input, "append"), 1);
    requireRows(2 * ROWS, 2 * ROWS);
  }

  @Test
  void anIntendedRepetitionHasAnotherRunId() throws Exception {
    Path input = input("a.jsonl", 0);
    embed(input, "append", "--run-id", "monday");
    embed(input, "append", "--run-id", "tuesday");
    requirePublished(embed(input, "append", "--run-id", "monday"), 1);
    requirePublished(embed(input, "append", "--run-id", "tuesday"), 2);
    requireRows(2 * ROWS, ROWS);
    // Also when the first is finished by the second.
    die("PLAN_WRITTEN", input, "append", "--run-id", "wednesday");
    assertThat(embed(input, "append", "--run-id", "thursday").out())
        .doesNotContain("Nothing to do");
    requireRows(4 * ROWS, ROWS);
  }

  @Test
  void otherFilesAreOtherRowsButNotInARunOfTheSameName() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("in"));
    Files.copy(input("a.jsonl", 0), folder.resolve("a.jsonl"));
    embed(folder, "append", "--run-id", "x");
    Files.copy(input("b.jsonl", 100), folder.resolve("b.jsonl"));
    assertThatThrownBy(() -> embed(folder, "append", "--run-id", "x"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("run x with this input was published before, as version 1")
        .hasMessageContaining("input files was 1 of ")
        .hasMessageContaining("another --run-id");
    requireRows(ROWS, ROWS);
    // Other inputs and other modes under the name of one run of a scheduler are other commands.
    embed(directory.resolve("b.jsonl"), "append", "--run-id", "x");
    requireRows(2 * ROWS, 2 * ROWS);
    embed(folder, "overwrite", "--run-id", "x");
    requireRows(2 * ROWS, 2 * ROWS);
  }

  /** Tomorrow the table is made anew, and the same file added again. */
  @ParameterizedTest
  @ValueSource(strings = {"", "--run-id"})
  void anOverwriteMakesRoomForTheSameAppend(String flag) throws Exception {
    String[] named = flag.isEmpty() ? new String[0] : new String[] {flag, "daily"};
    Path base = input("a.jsonl", 0);
    Path more = input("b.jsonl", 100);
    for (int day = 0; day < 2; day++) {
      embed(base, "overwrite");
      requireRows(ROWS, ROWS);
      assertThat(embed(more, "append", named).out()).doesNotContain("Nothing to do");
      assertThat(embed(more, "append", named).out()).contains("already published");
      requireRows(2 * ROWS, 2 * ROWS);
    }
  }

  @Test
  void aNamedRunThatReplacedTheTableIsNotDoneAgain() throws Exception {
    Path input = input("a.jsonl", 0);
    for (String mode : List.of("overwrite", "incremental")) {
      for (String row : List.of("row 3", "row 4")) {
        // Other texts are no reason to refuse what may be repeated at will.
        Files.writeString(input, Files.readString(input).replace(row, mode));
        EmbedInSession first = embed(input, mode, "--run-id", "x", "--max-length", "9");
        assertThat(first.out()).as(mode).contains("Wrote");
        EmbedInSession again = embed(input, mode, "--run-id", "x", "--max-length", "9");
        assertThat(again.out()).as(mode).contains("already published");
      }
      input("a.jsonl", 0);
    }
    embed(input("b.jsonl", 100), "append", "--max-length", "9");
    // No longer the newest: replacing is done again.
    input("a.jsonl", 0);
    assertThat(embed(input, "overwrite", "--run-id", "y", "--max-length", "9").out())
        .contains("Wrote");
    embed(input("c.jsonl", 200), "append", "--max-length", "9");
    assertThat(embed(input, "overwrite", "--run-id", "y", "--max-length", "9").out())
        .contains("Wrote");
    requireRows(ROWS, ROWS);
  }

  @Test
  void theExitCodeOfARunWithFailedRowsIsSaidAgain() throws Exception {
    Path input = input("a.jsonl", 0);
    Path failing =
        TinyModels.graph()
            .hiddenSize(4)
            .notFiniteFor(5216)
            .writeDirectory(models.resolve("failing"));
    String[] flags = {"--model", failing.toString(), "--on-row-error", "null", "--canary", "off"};
    List<String> all = new ArrayList<>(List.of("--input", input.toString(), "--mode", "append"));
    all.addAll(List.of("--output", output().toString()));
    all.addAll(List.of(flags));
    assertThat(EmbedInSession.run(all).exitCode()).isEqualTo(ExitCode.PARTIAL);
    EmbedInSession again = EmbedInSession.run(all);
    assertThat(again.exitCode()).isEqualTo(ExitCode.PARTIAL);
    assertThat(again.out()).contains("already published");
    requireRows(ROWS, ROWS);
  }

  /** YARN starts a driver again in the same application, whatever came of its input meanwhile. */
  @Test
  void anApplicationThatRestartsItsDriverNamesItsRun() {
    Map<String, String> before = Map.of("input files", "1");
    Map<String, String> now = Map.of("input files", "2");
    Optional<String> application = Optional.of("application_1_0001");
    List<String> input = List.of("/in");
    Request first = request(before, input, null, application);
    assertThat(first.names()).hasSize(2).doesNotHaveDuplicates();
    assertThat(request(now, input, null, application).names()).containsAnyElementsOf(first.names());
    assertThat(request(before, input, null, Optional.empty()).names())
        .as("the same command in another application")
        .containsAnyElementsOf(first.names());
    assertThat(request(now, input, null, Optional.of("application_1_0002")).names())
        .doesNotContainAnyElementsOf(first.names());
    assertThat(request(before, input, "mine", application).names())
        .as("a name that was given stands alone")
        .hasSize(1)
        .doesNotContainAnyElementsOf(first.names());
  }

  private static Request request(
      Map<String, String> facts, List<String> input, String runId, Optional<String> application) {
    return Request.of(EmbedSettings.SaveMode.APPEND, facts, input, runId, application);
  }

  /** Its number is given to another version then, for which the receipt must not speak. */
  @Test
  void aReceiptDoesNotOutliveItsVersionsRecord() throws Exception {
    Path a = input("a.jsonl", 0);
    Path b = input("b.jsonl", 100);
    embed(a, "append");
    embed(b, "append");
    Files.delete(output().resolve("_embark/snapshots/00000002.json"));
    // As the error of a damaged record advises.
    embed(a, "overwrite");
    requireRows(ROWS, ROWS);
    assertThat(embed(b, "append").out()).doesNotContain("Nothing to do");
    requireRows(2 * ROWS, 2 * ROWS);

    FileUtil.fullyDelete(output().resolve("_embark/snapshots").toFile());
    for (int again = 0; again < 2; again++) {
      assertThatThrownBy(() -> embed(b, "append"))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("receipts of commands")
          .hasMessageContaining("--mode overwrite");
    }
    embed(a, "overwrite");
    requireRows(ROWS, ROWS);
    assertThat(embed(b, "append").out()).doesNotContain("Nothing to do");
    requireRows(2 * ROWS, 2 * ROWS);
  }

  @Test
  void receiptsStayWhenRecordsOfOldVersionsGo() throws Exception {
    Path first = input("a.jsonl", 0);
    String[] two = {"--keep-snapshots", "2"};
    embed(first, "append", two);
    for (int i = 1; i < 4; i++) {
      embed(input(i + ".jsonl", 100 * i), "append", two);
    }
    try (Stream<Path> versions = Files.list(output().resolve("_embark/snapshots"))) {
      assertThat(versions.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("00000003.json", "00000004.json");
    }
    requirePublished(embed(first, "append", two), 1);
    requireRows(4 * ROWS, 4 * ROWS);
  }

  /** A power cut or a bad disk; the driver and its executors see it at the next attempt. */
  @ParameterizedTest
  @ValueSource(strings = {"", "PAR1", "half"})
  void aDamagedSliceIsEmbeddedAgain(String contents) throws Exception {
    Path input = input("a.jsonl", 0);
    String[] flags = {"--partitions", "3"};
    die("PLAN_WRITTEN", input, "append", flags);
    Path staging;
    try (Stream<Path> runs = Files.list(output().resolve("_embark/staging"))) {
      staging = runs.findFirst().orElseThrow();
    }
    // Nothing was published: as if the run had died when its slices were done.
    Files.delete(staging.resolve("publish.json"));
    Path slice = staging.resolve("slices/slice-00001.parquet");
    byte[] whole = Files.readAllBytes(slice);
    Files.write(
        slice,
        contents.equals("half")
            ? Arrays.copyOf(whole, whole.length / 2)
            : contents.getBytes(StandardCharsets.UTF_8));
    Files.deleteIfExists(slice.resolveSibling("." + slice.getFileName() + ".crc"));
    EmbedInSession again = embed(input, "append", flags);
    assertThat(again.out()).contains("2 of 3 slices");
    requireRows(ROWS, ROWS);
  }

  @Test
  void aRunWithNothingToDoLeavesAloneWhatAnotherHasStaged() throws Exception {
    Path a = input("a.jsonl", 0);
    embed(a, "incremental");
    Path b = input("b.jsonl", 100);
    die("PLAN_WRITTEN", b, "append");
    try (Stream<Path> runs = Files.list(output().resolve("_embark/staging"))) {
      Files.delete(runs.findFirst().orElseThrow().resolve("publish.json"));
    }
    assertThat(embed(a, "incremental").out()).contains("Nothing to do");
    assertThat(embed(b, "append").out()).contains("Went on where an earlier attempt ended");
    requireRows(2 * ROWS, 2 * ROWS);
  }

  /** An earlier Embark knows no receipts and may have replaced the table since. */
  @Test
  void aReceiptDoesNotOutliveAVersionMadeWithoutReceipts() throws Exception {
    Path input = input("a.jsonl", 0);
    embed(input, "append");
    Path snapshots = output().resolve("_embark/snapshots");
    String first = Files.readString(snapshots.resolve("00000001.json"));
    assertThat(first).contains("receiptsSince");
    Files.writeString(
        snapshots.resolve("00000002.json"),
        first
            .replaceFirst("\"id\" : 1", "\"id\" : 2")
            .replaceFirst(",\\s*\"receiptsSince\" : 1", ""));
    assertThat(embed(input, "append").out()).contains("Wrote");
    requireRows(2 * ROWS, ROWS);
    requirePublished(embed(input, "append"), 3);
  }

  /** A table that lost files does not hold what its receipt says. */
  @Test
  void aDamagedTableIsNotCalledPublished() throws Exception {
    Path input = input("a.jsonl", 0);
    embed(input, "append");
    try (var files = Files.newDirectoryStream(output(), "part-*")) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    assertThatThrownBy(() -> embed(input, "append"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is missing");
  }
}
