package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.cli.JobSettings;
import io.embark.cli.Main;
import io.embark.embed.Setting;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** Flags, files, defaults, exit codes and the record of a run, with a model that costs nothing. */
@Timeout(120)
class EmbedCommandTest {
  private static final int ROWS = 100;

  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;
  private Path input;

  @BeforeAll
  static void writeModel() {
    model =
        TinyModels.graph()
            .hiddenSize(4)
            .writeDirectory(
                models.resolve("tiny"),
                Map.of(
                    "1_Pooling/config.json",
                    "{\"pooling_mode_cls_token\": true}",
                    "sentence_bert_config.json",
                    "{\"max_seq_length\": 16}"));
  }

  /** Rows with ids; every tenth text is null, every tenth blank, every tenth too long. */
  @BeforeEach
  void writeInput() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      String text =
          switch (i % 10) {
            case 3 -> "null";
            case 5 -> "\" \"";
            case 7 -> "\"" + "long ".repeat(50) + "\"";
            default -> "\"text number " + i + "\"";
          };
      lines.append("{\"id\": %d, \"text\": %s, \"kept\": \"k%d\"}%n".formatted(i, text, i));
    }
    input = file("in.jsonl", lines.toString());
  }

  private Path file(String name, String contents) {
    TinyModels.writeFiles(directory, Map.of(name, contents));
    return directory.resolve(name);
  }

  private Path output() {
    return directory.resolve("output");
  }

  /** With model, input and output, and these flags. */
  private JobRun embed(Object... flags) {
    return JobRun.embed(List.of("--model", model, "--input", input, "--output", output()), flags);
  }

  private Dataset<Row> written() {
    return LocalSpark.session().read().parquet(output().toString());
  }

  /** The line of the effective settings about one of them. */
  private static String effective(JobRun run, String key) {
    return run.out()
        .lines()
        .filter(l -> l.startsWith("  " + key + " "))
        .findFirst()
        .orElse("no line for " + key);
  }

  private List<Path> manifests() throws IOException {
    try (Stream<Path> files = Files.list(output().resolve("_embark"))) {
      return files.filter(f -> f.toString().endsWith(".json")).sorted().toList();
    }
  }

  @Test
  void everyRowComesOutAndIsAccountedFor() throws IOException {
    JobRun run = embed("--normalize", "l2", "--partitions", "3", "--preview", "2");
    // --preview is given twice.
    run.assertRefused("--preview");
    run = embed("--normalize", "l2", "--partitions", "3");
    run.assertDone();
    List<Row> rows = written().orderBy("id").collectAsList();
    assertThat(rows).hasSize(ROWS);
    for (int i = 0; i < ROWS; i++) {
      Row row = rows.get(i);
      assertThat(row.<Long>getAs("id")).isEqualTo(i);
      assertThat(row.<String>getAs("kept")).isEqualTo("k" + i);
      assertThat(row.<String>getAs("status"))
          .isEqualTo(i % 10 == 3 ? "NULL_TEXT" : i % 10 == 5 ? "BLANK_TEXT" : "OK");
      assertThat(row.<Boolean>getAs("truncated")).isEqualTo(i % 10 == 7);
    }
    assertThat(run.out())
        .contains("Wrote file:" + output(), "100 rows, 10 NULL_TEXT, 10 BLANK_TEXT; 10 cut");

    JsonNode manifest = new ObjectMapper().readTree(manifests().get(0).toFile());
    assertThat(manifests()).hasSize(1);
    JsonNode result = manifest.get("result");
    assertThat(result.get("rows").asLong()).isEqualTo(ROWS);
    assertThat(result.get("OK").asLong()).isEqualTo(80);
    assertThat(result.get("NULL_TEXT").asLong()).isEqualTo(10);
    assertThat(result.get("BLANK_TEXT").asLong()).isEqualTo(10);
    assertThat(result.get("truncated").asLong()).isEqualTo(10);
    long tokens = rows.stream().mapToLong(r -> r.<Integer>getAs("tokens_used")).sum();
    assertThat(result.get("tokens").asLong()).isEqualTo(tokens);
    assertThat(result.get("tokensOfWholeTexts").asLong()).isEqualTo(tokens + 10 * (52 - 16));
    assertThat(manifest.get("embark").asText()).isEqualTo(Main.version()).doesNotContain("$");
    assertThat(manifest.get("input").get(0).asText()).isEqualTo(input.toString());
    assertThat(manifest.get("format").asText()).isEqualTo("json");
    assertThat(manifest.at("/versions/spark").asText()).isEqualTo("3.5.7");
    assertThat(manifest.at("/model/vectors/0/dimension").asInt()).isEqualTo(4);
    assertThat(manifest.at("/model/fingerprint").asText()).hasSize(64);
    for (Setting<?> setting : Setting.ALL) {
      assertThat(manifest.at("/settings/" + setting.key()).has("from")).isTrue();
    }
    assertThat(manifest.at("/settings/normalize/from").asText()).isEqualTo("--normalize");
    assertThat(manifest.at("/settings/pooling/value").asText()).isEqualTo("cls");
    assertThat(manifest.at("/settings/pooling/from").asText())
        .isEqualTo("model's 1_Pooling/config.json");
    assertThat(manifest.at("/settings/partitions/value").asText()).isEqualTo("3");
  }

  @Test
  void flagsWinOverTheFileWhichWinsOverTheModelAndTheDefaults() {
    Path file =
        file(
            "my.properties",
            """
            pooling = max
            max-length = 1_2
            normalize = l2
            prompt = title:\\u0020
            preview = 3
            input = %s
            """
                .formatted(input));
    JobRun run =
        JobRun.of(
            "embed",
            "--config=" + file,
            "--model=" + model,
            "--pooling",
            "Mean",
            "--output=" + output());
    run.assertDone();
    assertThat(effective(run, "pooling")).contains(" mean ").endsWith("(--pooling)");
    assertThat(effective(run, "max-length")).contains(" 12 ").endsWith("(" + file + ")");
    assertThat(effective(run, "normalize")).contains(" l2 ").endsWith("(" + file + ")");
    assertThat(effective(run, "prompt")).contains("'title: '").endsWith("(" + file + ")");
    assertThat(effective(run, "buffer-rows")).contains(" 2048 ").endsWith("(default)");
    assertThat(effective(run, "input")).contains("in.jsonl (json)").endsWith("(" + file + ")");
    assertThat(run.out()).contains("First rows:");
    assertThat(run.out().lines().filter(l -> l.contains(" tokens  \""))).hasSize(3);
  }

  @Test
  void whatComesFromTheModelIsSaid() {
    JobRun run = embed();
    run.assertDone();
    assertThat(effective(run, "pooling")).endsWith("(model's 1_Pooling/config.json)");
    assertThat(effective(run, "max-length")).endsWith("(model's sentence_bert_config.json)");
    assertThat(effective(run, "vectors")).contains("embedding of 4 values");
  }

  @Test
  void aFileWithAnUnknownNameIsRefused() {
    Path file = file("my.properties", "poling = cls\n--pooling = cls\n");
    embed("--config", file).assertRefused("--pooling, poling", "known are", "max-length");
    embed("--config", directory.resolve("gone.properties")).assertRefused("no file at");
  }

  @ParameterizedTest
  @CsvSource({
    "pooling,average,mean_sqrt_len",
    "max-length,0,2",
    "max-length,lots,whole number",
    "normalize,yes,'none, l2'",
    "device,tpu,'auto, cpu, cuda'",
    "token-budget,-1,whole number",
    "mode,replace,append",
    "output-type,double,float16-bits",
    "partitions,0,whole number",
    "preview,-1,whole number",
    "format,xml,parquet",
    "read-option,sep,key=value",
    "model,builtin:bert,builtin:e5-small-v2",
    "model-file,gone.onnx,gone.onnx",
    "prompt,query,no prompt named 'query'",
    "max-length,2,special tokens"
  })
  void aBadValueIsNamedWithItsSetting(String key, String value, String part) {
    Path file = file("bad.properties", "%s = %s%n".formatted(key, value));
    List<Object> flags = new ArrayList<>(List.of("embed", "--input", input, "--output", output()));
    if (!key.equals("model")) {
      flags.addAll(List.of("--model", model));
    }
    flags.addAll(List.of("--config", file));
    JobRun run = JobRun.of(flags.stream().map(Object::toString).toArray(String[]::new));
    run.assertRefused(part);
    if (!part.contains("special") && !key.equals("model-file")) {
      assertThat(run.error()).containsIgnoringCase(key);
    }
    assertThat(output()).doesNotExist();
  }

  @Test
  void anOutputThatExistsIsKeptUnlessToldOtherwise() throws IOException {
    JobRun.embed("--model", model, "--input", input).assertRefused("output: missing");
    embed().assertDone();
    embed("--normalize", "l2").assertRefused("exists", "--mode overwrite, append or incremental");
    assertThat(embed().assertDone().out()).contains("already published");
    assertThat(written().count()).isEqualTo(ROWS);
    embed("--mode", "append").assertDone();
    assertThat(written().count()).isEqualTo(2 * ROWS);
    assertThat(manifests()).hasSize(2);
    embed("--mode", "OVERWRITE").assertDone();
    assertThat(written().count()).isEqualTo(ROWS);
    assertThat(manifests()).as("the history stays").hasSize(3);
  }

  @Test
  void aModelThatFailsOnATextFailsTheJob() {
    Path failing =
        TinyModels.graph()
            .hiddenSize(4)
            .failingFromId(2000)
            .writeDirectory(models.resolve("failing"));
    JobRun run = JobRun.embed("--model", failing, "--input", input, "--output", output());
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.error()).contains("ONNX Runtime failed on a batch").contains("rows x");
    assertThat(output().resolve("_SUCCESS")).doesNotExist();
  }

  @Test
  void aModelThatFailsOnATextGivesItAStatusWhereThatIsWanted() throws IOException {
    Path failing =
        TinyModels.graph()
            .hiddenSize(4)
            // "text" and its number; "long" is below.
            .failingFromId(3000)
            .writeDirectory(models.resolve("failing-null"));
    JobRun run =
        JobRun.embed(
            "--model", failing, "--input", input, "--output", output(), "--on-row-error", "null");
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.PARTIAL);
    assertThat(run.out()).contains("100 rows, 10 NULL_TEXT, 10 BLANK_TEXT, 70 FAILED;");
    List<Row> failed = written().where("status LIKE 'FAILED: %idx=%'").collectAsList();
    assertThat(failed)
        .hasSize(70)
        .allSatisfy(row -> assertThat(row.isNullAt(row.fieldIndex("embedding"))).isTrue());
    assertThat(written().where("status = 'OK'").count()).isEqualTo(10);
    JsonNode result = new ObjectMapper().readTree(manifests().get(0).toFile()).get("result");
    assertThat(result.get("FAILED").asLong()).isEqualTo(70);
    assertThat(result.get("OK").asLong()).isEqualTo(10);
    assertThat(result.get("batchesHalvedForMemory").asLong()).isZero();
  }

  @Test
  void tooLittleMemoryForSomeTextsIsNoDeadJob() throws IOException {
    Path hungry =
        TinyModels.graph()
            .hiddenSize(4)
            .outOfMemoryAbove(40)
            .writeDirectory(models.resolve("hungry"));
    JobRun run = JobRun.embed("--model", hungry, "--input", input, "--output", output());
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.PARTIAL);
    assertThat(run.out())
        .contains("100 rows, 10 NULL_TEXT, 10 BLANK_TEXT, 10 FAILED;")
        .contains("batches were halved");
    assertThat(written().where("status LIKE 'FAILED: out of memory on cpu%'").count())
        .isEqualTo(10);
    JsonNode result = new ObjectMapper().readTree(manifests().get(0).toFile()).get("result");
    assertThat(result.get("FAILED").asLong()).isEqualTo(10);
    assertThat(result.get("OK").asLong()).isEqualTo(70);
    assertThat(result.get("batchesHalvedForMemory").asLong()).isPositive();
  }

  @Test
  void whatIsWrongWithAModelIsSaidWholly() {
    Path broken = TinyModels.graph().writeDirectory(models.resolve("broken"));
    TinyModels.writeFiles(broken, Map.of("modules.json", "[{"));
    JobRun run = JobRun.embed("--model", broken, "--input", input, "--output", output());
    run.assertRefused(broken.resolve("modules.json").toString(), "not valid JSON");
    TinyModels.writeFiles(
        broken,
        Map.of(
            "modules.json",
            "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"},"
                + " {\"path\": \"1_P\", \"type\": \"sentence_transformers.models.Pooling\"}]",
            "1_P/config.json",
            "{\"pooling_mode\": \"mean\"}",
            "model.onnx",
            "no graph"));
    run =
        JobRun.embed(
            "--model", broken, "--pooling", "mean", "--input", input, "--output", output());
    run.assertRefused(broken.resolve("model.onnx").toString(), "not a readable ONNX model");
    run = JobRun.embed("--model", models.resolve("gone"), "--input", input, "--output", output());
    run.assertRefused("does not exist");
  }

  @Test
  void theColumnsToAddMustBeFree() {
    embed("--output-col", "kept").assertRefused("'kept'");
    embed("--output-col", "status").assertRefused("'status'");
    embed("--output-col", "Token_Count").assertRefused("'Token_Count'");
    embed("--output-col", "a.b", "--output-type", "float_array").assertDone();
    assertThat(written().columns())
        .containsExactly(
            "id",
            "kept",
            "text",
            "a.b",
            "token_count",
            "tokens_used",
            "truncated",
            "unknown_token_ratio",
            "status");
  }

  @Test
  void severalPoolingsGiveAColumnEach() {
    embed("--pooling", "mean,cls", "--layers", "-1", "--account-prefix", "x_").assertDone();
    assertThat(written().columns())
        .containsExactly(
            "id",
            "kept",
            "text",
            "embedding_mean",
            "embedding_cls",
            "x_token_count",
            "x_tokens_used",
            "x_truncated",
            "x_unknown_token_ratio",
            "x_status");
    embed("--pooling", "mean,mean").assertRefused("only once");
  }

  @Test
  void vectorsMadeOtherwiseAreNotAppended() {
    embed("--pooling", "mean").assertDone();
    embed("--pooling", "max", "--mode", "append")
        .assertRefused("cannot append", "embedding has vector 'mean', the new one 'max'");
    embed("--pooling", "mean", "--output-type", "float_array", "--mode", "append")
        .assertRefused("the new one array<float>");
    embed("--pooling", "mean", "--mode", "append").assertDone();
  }

  @Test
  void thePreviewShowsRowsAndNeighbours() {
    JobRun run =
        JobRun.of(
            "embed",
            "--device",
            "cpu",
            "--model",
            TinyModels.graph().hiddenSize(2).writeDirectory(models.resolve("flat")).toString(),
            "--input",
            input.toString(),
            "--output",
            output().toString());
    run.assertDone();
    assertThat(run.out())
        .contains("Schema:", "root", "|-- embedding: vector", "Nearest neighbours by cosine")
        .contains("\"text number ");
  }

  @Test
  void helpListsEverySetting() {
    JobRun run = JobRun.of("embed", "--help");
    assertThat(run.exitCode()).isZero();
    for (Setting<?> setting : JobSettings.all(EmbedSettings.ALL)) {
      assertThat(run.out()).containsPattern("--" + setting.key() + "\\[?=");
      // Long lines are broken, also after a dot or a colon.
      String said = setting.description() + ". Default: " + setting.defaultInWords();
      assertThat(run.out().replaceAll("\\s+", "")).contains(said.replaceAll("\\s+", ""));
    }
    assertThat(run.out())
        .contains("--config=FILE", "Exit code:")
        .doesNotContain("Default: null", "=null");
    assertThat(JobRun.of("--help").out()).contains("embed");
    assertThat(JobRun.of("embed", "--version").out()).contains("Embark " + Main.version());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "embed --nonsense", "embed stray", "embed --pooling"})
  void aCommandLineThatCannotBeReadIsBadUsage(String line) {
    JobRun run = JobRun.of(line.isEmpty() ? new String[0] : line.split(" "));
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.err()).contains("Try 'embark");
    assertThat(run.out()).isEmpty();
  }
}
