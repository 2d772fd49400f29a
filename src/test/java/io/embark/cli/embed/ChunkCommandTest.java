package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code embed --chunk}: rows of every mode, and that they add up. */
@Timeout(120)
class ChunkCommandTest {
  private static final int DOCUMENTS = 12;

  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;
  private Path input;

  @BeforeAll
  static void writeModel() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  @BeforeEach
  void writeInput() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < DOCUMENTS; i++) {
      String text = i == 3 ? "null" : "\"" + "A sentence of some words. ".repeat(i * i) + "\"";
      lines.append("{\"id\": %d, \"text\": %s}%n".formatted(i, text));
    }
    TinyModels.writeFiles(directory, Map.of("in.jsonl", lines.toString()));
    input = directory.resolve("in.jsonl");
  }

  private JobRun embed(Object... flags) {
    return JobRun.embed(
        List.of(
            "--model",
            model,
            "--input",
            input,
            "--output",
            directory.resolve("output"),
            "--mode",
            "overwrite"),
        flags);
  }

  private Dataset<Row> written(JobRun run) {
    assertThat(run.exitCode()).as(run.err()).isZero();
    return LocalSpark.session().read().parquet(directory.resolve("output").toString());
  }

  private JsonNode result() throws IOException {
    try (var files = Files.list(directory.resolve("output/_embark"))) {
      Path manifest = files.filter(f -> f.toString().endsWith(".json")).findFirst().orElseThrow();
      return new ObjectMapper().readTree(manifest.toFile()).get("result");
    }
  }

  @Test
  void everyModeAccountsForEveryDocument() throws IOException {
    Dataset<Row> rows = written(embed("--chunk", "rows", "--chunk-tokens", "40"));
    long chunks = rows.count();
    assertThat(chunks).isGreaterThan(4 * DOCUMENTS);
    assertThat(rows.where("chunk_index = 0").count()).isEqualTo(DOCUMENTS);
    assertThat(rows.where("truncated").count()).isZero();
    assertThat(result().get("documents").asLong()).isEqualTo(DOCUMENTS);
    assertThat(result().get("rows").asLong()).isEqualTo(chunks);
    long tokens = result().get("tokens").asLong();
    assertThat(rows.selectExpr("sum(tokens_used)").first().getLong(0)).isEqualTo(tokens);

    Dataset<Row> merged = written(embed("--chunk", "document", "--chunk-tokens", "40"));
    assertThat(merged.count()).isEqualTo(DOCUMENTS);
    assertThat(merged.selectExpr("sum(chunks)").first().getLong(0)).isEqualTo(chunks - 1);
    assertThat(merged.where("chunks = 0 and status = 'NULL_TEXT'").count()).isEqualTo(1);
    assertThat(result().get("tokens").asLong()).isEqualTo(tokens);
    assertThat(result().get("documents").asLong()).isEqualTo(DOCUMENTS);

    JobRun run = embed("--chunk", "both", "--chunk-tokens", "40", "--chunk-text", "false");
    Dataset<Row> both = written(run);
    assertThat(both.count()).isEqualTo(chunks + DOCUMENTS);
    assertThat(both.where("chunk_index is null").count()).isEqualTo(DOCUMENTS);
    assertThat(both.where("chunk_index is not null and text is not null").count()).isZero();
    assertThat(result().get("tokens").asLong()).isEqualTo(tokens);
    assertThat(run.out())
        .contains("%d rows of %d documents".formatted(chunks + DOCUMENTS, DOCUMENTS));
  }

  @Test
  void otherChunksAreNotAppended() {
    written(embed("--chunk", "document", "--chunk-tokens", "40"));
    JobRun run =
        JobRun.embed(
            "--model",
            model,
            "--input",
            input,
            "--output",
            directory.resolve("output"),
            "--mode",
            "append",
            "--chunk",
            "document",
            "--chunk-tokens",
            "50");
    assertThat(run.error()).contains("document, 40 tokens, overlap 0", "document, 50 tokens");
  }

  @Test
  void badNumbersAreRefusedBeforeTheFirstRow() {
    for (String[] bad :
        List.of(
            new String[] {"--chunk", "pages", "rows, document"},
            new String[] {"--chunk-tokens", "1", "whole number"},
            new String[] {"--chunk-overlap", "-1", "whole number"},
            new String[] {"--chunk-text", "maybe", "true or false"})) {
      JobRun run = embed(bad[0], bad[1]);
      assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
      assertThat(run.error()).contains(bad[2], bad[0].substring(2));
    }
    JobRun alone = embed("--chunk-overlap", "5");
    assertThat(alone.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(alone.error()).contains("chunk-overlap: set, but chunk is none");
    JobRun run = embed("--chunk", "rows", "--chunk-tokens", "600");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.error()).contains("chunk-tokens is 600", "512");
    assertThat(directory.resolve("output")).doesNotExist();
  }
}
