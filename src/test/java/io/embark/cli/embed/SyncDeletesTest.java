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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that {@code --sync-deletes} drops: not too many, and not left half dropped. */
@Timeout(300)
@Interpreted
class SyncDeletesTest {
  private static final int ROWS = 20;
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

  /** Rows with ids from 0 to {@code rows}, under a header. */
  private Path input(int rows) throws IOException {
    String lines =
        IntStream.range(0, rows).mapToObj("%d,row %<d%n"::formatted).collect(Collectors.joining());
    return Files.writeString(directory.resolve("in.csv"), "id,text\n" + lines);
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

  private void requireRows(int rows) throws IOException {
    assertThat(Embark.read(LocalSpark.session(), output().toString()).count()).isEqualTo(rows);
    assertThat(LocalSpark.session().read().parquet(output().toString()).count()).isEqualTo(rows);
    assertThat(output().resolve("_SUCCESS")).exists();
  }

  private List<String> everything() throws IOException {
    try (Stream<Path> files = Files.walk(output())) {
      return files.map(Path::toString).filter(f -> !f.contains("lock")).sorted().toList();
    }
  }

  private void requireRefused(Path input, String[] flags, String... parts) throws Exception {
    List<String> before = everything();
    assertThatThrownBy(() -> embed(input, "incremental", flags))
        .isInstanceOfSatisfying(
            QualityGate.Failed.class, e -> assertThat(e.getExitCode()).isEqualTo(ExitCode.QUALITY))
        .message()
        .contains(parts);
    assertThat(everything()).isEqualTo(before);
    requireRows(ROWS);
  }

  private static String[] sync(String limit) {
    return limit == null
        ? new String[] {"--sync-deletes"}
        : new String[] {"--sync-deletes", "--max-deleted-rows", limit};
  }

  @ParameterizedTest
  @CsvSource({
    "16, , true",
    "15, , false",
    "15, 25%, true",
    "15, 5, true",
    "15, 4, false",
    "19, 0, false",
    "19, 0%, false",
    "20, 0, true",
    "1, 100%, true",
    "1, 0.99, true",
  })
  void moreDeletesThanAllowedAreRefusedBeforeAnythingIsWritten(
      int left, String limit, boolean allowed) throws Exception {
    embed(input(ROWS), "incremental");
    Path input = input(left);
    if (allowed) {
      embed(input, "incremental", sync(limit));
      requireRows(left);
    } else {
      requireRefused(
          input,
          sync(limit),
          "would drop %d of the table's %d rows".formatted(ROWS - left, ROWS),
          "max-deleted-rows allows",
          "ids: ",
          "--max-deleted-rows " + (ROWS - left));
      // The way out that it names.
      embed(input, "incremental", sync(Integer.toString(ROWS - left)));
      requireRows(left);
    }
  }

  /** In binary 0.29 * 100 is less than 29. */
  @Test
  void aShareIsMetExactly() {
    QualityGate.RowLimit limit = QualityGate.RowLimit.of("29%");
    assertThat(limit.passedBy(29, 100)).isFalse();
    assertThat(limit.passedBy(30, 100)).isTrue();
    assertThat(limit.passedBy(290_000_000_000L, 1_000_000_000_000L)).isFalse();
    assertThat(limit.passedBy(290_000_000_001L, 1_000_000_000_000L)).isTrue();
  }

  /** New rows do not make room for deletes. */
  @Test
  void theLimitIsAShareOfTheTableAsItWas() throws Exception {
    embed(input(ROWS), "incremental");
    String header = "id,text\n";
    String other =
        IntStream.range(10, 10 + 10 * ROWS)
            .mapToObj("%d,row %<d%n"::formatted)
            .collect(Collectors.joining());
    Path input = Files.writeString(directory.resolve("in.csv"), header + other);
    requireRefused(input, sync(null), "10 of the table's 20 rows (50.0 %)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"20%", "20", "1000000000000", "99.9%", ""})
  void anInputOfAHeaderAloneEmptiesNoTable(String limit) throws Exception {
    embed(input(ROWS), "incremental");
    Path input = input(0);
    requireRefused(input, sync(limit.isEmpty() ? null : limit), "the input has no rows", "100%");
    embed(input, "incremental");
    requireRows(ROWS);
    embed(input, "incremental", sync("100%"));
    requireRows(0);
    embed(input, "incremental", sync(null));
    requireRows(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PLAN_WRITTEN",
        "SUCCESS_DELETED",
        "SNAPSHOT_WRITTEN",
        "RECEIPT_WRITTEN",
        "FILE_DELETED",
        "SUCCESS_WRITTEN"
      })
  void aRunInAnotherModeCarriesOutTheDeletesThatADeadOneOwes(String step) throws Exception {
    embed(input(ROWS), "incremental", "--partitions", "3");
    Path input = input(17);
    Deaths.after(step, 1, () -> {});
    assertThatThrownBy(() -> embed(input, "incremental", sync(null)))
        .isInstanceOf(Deaths.Died.class);
    Deaths.none();
    assertThatThrownBy(() -> embed(input, "error"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("exists");
    requireRows(17);
  }

  /** A run that died owed no deletes; the one that finishes it was asked for some. */
  @Test
  void aRunThatFinishesAnotherStillDoesItsOwnDeletes() throws Exception {
    embed(input(ROWS), "incremental");
    Path input = input(17);
    Files.writeString(input, Files.readString(input).replace("row 3", "row three"));
    Deaths.after("PLAN_WRITTEN", 1, () -> {});
    assertThatThrownBy(() -> embed(input, "incremental")).isInstanceOf(Deaths.Died.class);
    Deaths.none();
    assertThat(embed(input, "incremental", sync(null)).out()).contains("3 gone", "Wrote");
    requireRows(17);
  }
}
