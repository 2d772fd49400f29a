package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Columns of the input that come and go, on a table of Parquet files. */
@Timeout(300)
class EvolveSchemaTest {
  private static final int ROWS = 40;

  @TempDir Path directory;

  @BeforeEach
  void model() throws IOException {
    TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
  }

  private Path output() {
    return directory.resolve("out");
  }

  /** A run on rows of an id, a text and these columns, in JSON; only the first rows have them. */
  private String embed(String mode, int with, String columns, String... more) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int id = 0; id < ROWS; id++) {
      String own = id < with ? columns : "";
      lines.append("{\"id\": %d%s, \"text\": \"text %d\"}%n".formatted(id, own, id));
    }
    List<String> flags = new ArrayList<>();
    flags.addAll(List.of("--model", directory.resolve("tiny").toString(), "--pooling", "mean"));
    flags.add("--input");
    flags.add(Files.writeString(directory.resolve("in.jsonl"), lines).toString());
    flags.addAll(List.of("--output", output().toString(), "--id-col", "id", "--mode", mode));
    flags.addAll(Arrays.asList(more));
    return EmbedJob.run(LocalSpark.session(), flags);
  }

  private List<Row> vectors() {
    return Embark.read(LocalSpark.session(), output().toString())
        .select("id", "text", "embedding", "status")
        .orderBy("id")
        .collectAsList();
  }

  /** Readers that know nothing of snapshots take the columns of one file for those of all. */
  private void requireInEveryFile(String column) throws IOException {
    try (Stream<Path> files = Files.list(output())) {
      for (Path file : files.filter(f -> f.toString().endsWith(".parquet")).toList()) {
        assertThat(LocalSpark.session().read().parquet(file.toString()).columns()).contains(column);
      }
    }
  }

  @Test
  void aColumnThatTheInputGotIsTakenAndNothingIsEmbeddedAgain() throws Exception {
    embed("incremental", 0, "", "--partitions", "4");
    List<Row> before = vectors();
    String note = ", \"note\": {\"by\": \"me\"}";
    assertThatThrownBy(() -> embed("incremental", 3, note))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("it has no column note, the input has. --evolve-schema gives it");
    assertThat(embed("incremental", 3, note, "--evolve-schema"))
        .contains("0 new, 0 changed, 3 with the same text but other columns", "37 as they were")
        .contains("0 rows;");
    assertThat(vectors()).isEqualTo(before);
    assertThat(
            LocalSpark.session()
                .read()
                .parquet(output().toString())
                .where("note.by = 'me'")
                .count())
        .isEqualTo(3);
    requireInEveryFile("note");
    assertThat(embed("incremental", 3, note)).contains("Nothing to do");
  }

  @Test
  void aColumnWithoutValuesIsTakenToo() throws Exception {
    embed("incremental", 0, "");
    String empty = ", \"note\": null";
    embed("incremental", 3, empty, "--evolve-schema");
    requireInEveryFile("note");
    assertThat(vectors()).hasSize(ROWS);
    assertThat(embed("incremental", 3, empty)).contains("Nothing to do");
  }

  @Test
  void whatCannotBeTakenIsSaidWithTheWayOut() throws Exception {
    embed("error", ROWS, ", \"tag\": \"a\"");
    assertThatThrownBy(() -> embed("incremental", 0, "", "--evolve-schema"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("it has a column tag, the new rows have none. Give the input")
        .hasMessageContaining("null where it has no value, or use another output.");
    assertThatThrownBy(() -> embed("incremental", ROWS, ", \"Tag\": \"a\"", "--evolve-schema"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("its column tag is called Tag in the new rows. Call it the same.");
    assertThatThrownBy(() -> embed("append", ROWS, ", \"tag\": \"a\", \"note\": \"b\""))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("or --mode incremental with --evolve-schema");
    assertThatThrownBy(
            () -> embed("append", ROWS, ", \"tag\": \"a\", \"note\": \"b\"", "--evolve-schema"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("evolve-schema: needs --mode incremental");
    // A vector column is none of the input's.
    assertThatThrownBy(
            () ->
                embed(
                    "incremental",
                    ROWS,
                    ", \"tag\": \"a\"",
                    "--evolve-schema",
                    "--output-col",
                    "other"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("it has no column other; it has a column embedding")
        .hasMessageContaining("Use the same settings, or another output.");
  }
}
