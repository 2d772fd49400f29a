package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Embedding;
import io.embark.testing.Embeddings;
import io.embark.testing.Interpreted;
import io.embark.testing.LocalSpark;
import io.embark.testing.Naughty;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile texts, broken files and a full disk, through the whole job. */
@Timeout(300)
@Interpreted
class HostileInputTest {
  @TempDir static Path models;
  @TempDir Path directory;
  private static Path model;

  @BeforeAll
  static void write() {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(models.resolve("tiny"));
  }

  private Path output() {
    return directory.resolve("output");
  }

  private JobRun embed(Object input, Object... flags) {
    return JobRun.embed(
        List.of("--model", model, "--input", input, "--output", output(), "--output-type", "float"),
        flags);
  }

  /** No reader finds a row, and no marker says that there are any. */
  private void assertNothingVisible() throws IOException {
    assertThat(output().resolve("_SUCCESS")).doesNotExist();
    if (Files.exists(output())) {
      try (Stream<Path> files = Files.walk(output())) {
        assertThat(
                files
                    .filter(Files::isRegularFile)
                    .map(f -> output().relativize(f).toString())
                    .filter(f -> !f.startsWith("_") && !f.startsWith(".")))
            .isEmpty();
      }
    }
  }

  /** Written by Spark, a lone surrogate is a question mark, so these are left out here. */
  private static List<String> texts() {
    return Naughty.all().stream()
        .filter(t -> StandardCharsets.UTF_8.newEncoder().canEncode(t))
        .toList();
  }

  private List<Embedding> expected(List<String> texts) throws IOException {
    try (Embedder embedder = Embedder.open(EmbedderConfig.of(model.toString()))) {
      return Embeddings.of(embedder, texts);
    }
  }

  private void assertEmbedded(JobRun run, List<String> texts) throws IOException {
    assertThat(run.exitCode()).as(run.err()).isZero();
    List<Row> rows =
        LocalSpark.session().read().parquet(output().toString()).orderBy("id").collectAsList();
    assertThat(rows).hasSameSizeAs(texts);
    List<Embedding> expected = expected(texts);
    for (int i = 0; i < texts.size(); i++) {
      Row row = rows.get(i);
      assertThat(row.<String>getAs("text")).isEqualTo(texts.get(i));
      assertThat(row.<String>getAs("status")).isEqualTo(expected.get(i).status().name());
      assertThat(row.<Integer>getAs("token_count")).isEqualTo(expected.get(i).tokenCount());
      if (expected.get(i).vectors() == null) {
        assertThat(row.<Object>getAs("embedding")).isNull();
      } else {
        List<Float> vector = row.getList(row.fieldIndex("embedding"));
        for (int h = 0; h < vector.size(); h++) {
          assertThat(vector.get(h)).isCloseTo(expected.get(i).vector()[h], within(1e-6f));
        }
      }
    }
  }

  @Test
  void everyTextInParquetAndJson() throws IOException {
    List<String> texts = texts();
    assertThat(texts).hasSizeGreaterThan(700);
    Path parquet = directory.resolve("in.parquet");
    LocalSpark.texts(3, texts).write().parquet(parquet.toString());
    assertEmbedded(embed(parquet), texts);

    ObjectMapper json = new ObjectMapper();
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < texts.size(); i++) {
      lines.append(json.writeValueAsString(Map.of("id", i, "text", texts.get(i)))).append('\n');
    }
    Path file = directory.resolve("in.jsonl");
    Files.writeString(file, lines);
    assertEmbedded(embed(file, "--mode", "overwrite"), texts);
    assertThat(
            embed(file, "--mode", "overwrite", "--chunk", "both", "--chunk-tokens", "32")
                .exitCode())
        .isZero();
  }

  @Test
  void everyLineOfText() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String text : texts()) {
      text.lines().forEach(lines::add);
    }
    lines.removeIf(line -> line.startsWith("\ufeff"));
    Path file = directory.resolve("in.txt");
    Files.writeString(file, String.join("\n", lines) + "\n");
    JobRun run = embed(file);
    assertThat(run.exitCode()).as(run.err()).isZero();
    Dataset<Row> written = LocalSpark.session().read().parquet(output().toString());
    assertThat(written.select("text").collectAsList().stream().map(r -> r.getString(0)))
        .containsExactlyInAnyOrderElementsOf(lines);
  }

  @Test
  void loneSurrogatesAndBrokenUtf8() throws IOException {
    Path file = directory.resolve("in.jsonl");
    Files.write(
        file,
        "{\"id\": 0, \"text\": \"lone \\ud800 surrogate\"}\n{\"id\": 1, \"text\": \"\\udc00\"}\n"
            .getBytes(StandardCharsets.UTF_8));
    JobRun run = embed(file);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(
            LocalSpark.session().read().parquet(output().toString()).select("text").collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactlyInAnyOrder("lone \ufffd surrogate", "\ufffd");
    assertThat(JobRun.manifests(output()).get(0).path("result").path("invalidTexts").asLong())
        .isEqualTo(2);
    Path text = directory.resolve("in.txt");
    Files.write(text, new byte[] {'a', (byte) 0xC3, '\n', (byte) 0xFF, (byte) 0xFE, 'b', '\n'});
    JobRun gated = embed(text, "--mode", "overwrite", "--max-invalid-text", "1");
    assertThat(gated.exitCode()).isEqualTo(ExitCode.QUALITY);
    assertThat(gated.error()).contains("2 of 2 rows have U+FFFD");
    assertThat(embed(text, "--mode", "overwrite").exitCode()).isZero();
    assertThat(
            LocalSpark.session().read().parquet(output().toString()).select("text").collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactlyInAnyOrder("a\ufffd", "\ufffd\ufffdb");
    List<JsonNode> runs = JobRun.manifests(output());
    assertThat(runs.get(runs.size() - 1).path("result").path("invalidTexts").asLong()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"whole", "truncated", "flipped", "text"})
  void aCorruptParquetFile(String damage) throws IOException {
    Path in = directory.resolve("in");
    LocalSpark.texts(1, texts().subList(0, 300)).coalesce(1).write().parquet(in.toString());
    Path file;
    try (Stream<Path> files = Files.list(in)) {
      file = files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
    // The checksum that Hadoop's local file system keeps would find it first.
    Files.deleteIfExists(in.resolve("." + file.getFileName() + ".crc"));
    byte[] bytes = Files.readAllBytes(file);
    switch (damage) {
      case "truncated" -> bytes = java.util.Arrays.copyOf(bytes, bytes.length / 2);
      case "flipped" -> java.util.Arrays.fill(bytes, 200, 1500, (byte) 0xA5);
      case "text" -> bytes = "id,text\n1,a\n".getBytes(StandardCharsets.UTF_8);
      default -> {}
    }
    Files.write(file, bytes);
    JobRun run = embed(in);
    if (damage.equals("whole")) {
      assertThat(run.exitCode()).isZero();
      return;
    }
    assertThat(run.exitCode()).as(run.err()).isIn(ExitCode.FAILED, ExitCode.BAD_USAGE);
    assertThat(run.error()).contains(file.getFileName().toString());
    assertNothingVisible();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.onnx",
        "tokenizer.json",
        "config.json",
        "modules.json",
        "1_Pooling/config.json",
        "sentence_bert_config.json",
        "tokenizer_config.json",
        "config_sentence_transformers.json"
      })
  void aModelWithABrokenFile(String name) throws IOException {
    Path broken =
        TinyModels.graph()
            .hiddenSize(4)
            .writeDirectory(
                directory.resolve("model"),
                Map.of(
                    "modules.json",
                    """
                    [{"path": "", "type": "sentence_transformers.models.Transformer"},
                     {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
                    """,
                    "1_Pooling/config.json",
                    "{\"pooling_mode_mean_tokens\": true}"));
    Path in = directory.resolve("in.txt");
    Files.writeString(in, "hello\n");
    for (String contents : List.of("", "{\"a\": ", "\u0000\u0001\u0002")) {
      Files.writeString(broken.resolve(name), contents);
      JobRun run = JobRun.embed("--model", broken, "--input", in, "--output", output());
      assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.BAD_USAGE);
      assertThat(run.error()).contains(name.substring(name.lastIndexOf('/') + 1));
      assertThat(output()).doesNotExist();
    }
    Files.delete(broken.resolve(name));
    JobRun run = JobRun.embed("--model", broken, "--input", in, "--output", output());
    boolean needed =
        List.of("model.onnx", "tokenizer.json", "1_Pooling/config.json").contains(name);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(needed ? ExitCode.BAD_USAGE : 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1",
        "1.5d",
        "true",
        "array('a')",
        "named_struct('a', 'b')",
        "map('a', 'b')",
        "X'00ff'",
        "current_timestamp()"
      })
  void aTextColumnOfAnotherType(String value) throws IOException {
    Path in = directory.resolve("in");
    LocalSpark.session()
        .sql("SELECT 1 AS id, map('a', 1) AS m, 'x' AS real, " + value + " AS text")
        .write()
        .parquet(in.toString());
    JobRun run = embed(in);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.error()).contains("text-col: column 'text' holds", "wanted texts (string)");
    run = embed(in, "--text-col", "real", "--mode", "incremental", "--id-col", "m");
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.error()).contains("id-col: column 'm' holds map<string,int>");
    assertThat(output()).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"record", "cut record", "shorter", "overwritten"})
  void anOutputThatIsDamaged(String damage) throws IOException {
    Path in = directory.resolve("in.jsonl");
    Files.writeString(in, "{\"id\": 1, \"text\": \"a\"}\n{\"id\": 2, \"text\": \"b\"}\n");
    Object[] incremental = {"--mode", "incremental", "--id-col", "id"};
    assertThat(embed(in, incremental).exitCode()).isZero();
    Path record = output().resolve("_embark/snapshots/00000001.json");
    Path data;
    try (Stream<Path> files = Files.list(output())) {
      data = files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
    Path hurt = damage.endsWith("record") ? record : data;
    byte[] bytes = Files.readAllBytes(hurt);
    Files.deleteIfExists(hurt.resolveSibling("." + hurt.getFileName() + ".crc"));
    switch (damage) {
      case "record" -> bytes = "{}".getBytes(StandardCharsets.UTF_8);
      case "overwritten" -> java.util.Arrays.fill(bytes, (byte) 0xA5);
      default -> bytes = java.util.Arrays.copyOf(bytes, bytes.length / 2);
    }
    Files.write(hurt, bytes);
    Files.writeString(in, "{\"id\": 1, \"text\": \"another\"}\n");
    JobRun run = embed(in, incremental);
    assertThat(run.exitCode()).as(run.err()).isIn(ExitCode.FAILED, ExitCode.BAD_USAGE);
    assertThat(run.error()).contains(hurt.getFileName().toString());
    assertThat(hurt).hasBinaryContent(bytes);
    assertThat(record.resolveSibling("00000002.json")).doesNotExist();
  }

  @Test
  void anOutputThatCannotBeWritten() throws IOException {
    Path in = directory.resolve("in.txt");
    Files.writeString(in, "hello\n");
    Path file = Files.writeString(directory.resolve("file"), "not a directory");
    JobRun run = JobRun.embed("--model", model, "--input", in, "--output", file.resolve("below"));
    assertThat(run.exitCode()).isIn(ExitCode.FAILED, ExitCode.BAD_USAGE);
    assertThat(run.error()).contains(file.toString());
    assertThat(file).hasContent("not a directory");
  }

  @Test
  void aDiskThatFillsUp() throws IOException {
    System.setProperty("spark.hadoop.fs.full.impl", FullDisk.class.getName());
    try {
      LocalSpark.session().stop();
      Path in = directory.resolve("in.txt");
      Files.writeString(in, "some text to embed\n".repeat(5000));
      JobRun run = JobRun.embed("--model", model, "--input", in, "--output", "full://" + output());
      assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
      assertThat(run.error()).contains("No space left on device");
      assertNothingVisible();
    } finally {
      System.clearProperty("spark.hadoop.fs.full.impl");
      LocalSpark.session().stop();
    }
  }
}
