package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.JobRun;
import io.embark.pooling.Norm;
import io.embark.spark.TextEmbedder;
import io.embark.testing.LocalSpark;
import io.embark.testing.SafeTensorsFiles;
import io.embark.testing.TinyStaticModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Static models through Spark: the transformer, the job, its later runs, and the doctor. */
@Timeout(300)
class StaticModelJobTest {
  private static final List<String> TEXTS =
      List.of("The cats sat on the mat.", "a dog ran", " ", "zebra", "a dog ran", "on the mat.");

  @TempDir private Path directory;
  private Path model;
  private Path input;

  @BeforeEach
  void write() throws IOException {
    model = TinyStaticModels.write(directory.resolve("model"), true);
    input = directory.resolve("texts.jsonl");
    writeTexts(TEXTS);
  }

  private void writeTexts(List<String> texts) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      lines.add("{\"id\": %d, \"text\": \"%s\"}".formatted(i, texts.get(i)));
    }
    Files.write(input, lines);
  }

  private static Map<Long, Row> byId(List<Row> rows) {
    Map<Long, Row> byId = new HashMap<>();
    rows.forEach(row -> assertThat(byId.put(row.<Long>getAs("id"), row)).isNull());
    return byId;
  }

  private static void assertVector(Row row, String... words) {
    assertThat(row.<String>getAs("status")).isEqualTo("OK");
    assertThat(row.<Integer>getAs("token_count")).isEqualTo(words.length);
    float[] wanted = TinyStaticModels.mean(words);
    Norm.L2.apply(wanted);
    double[] found = row.<Vector>getAs("embedding").toArray();
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).isCloseTo(wanted[i], within(1e-6));
    }
  }

  private static void assertRows(List<Row> rows) {
    Map<Long, Row> byId = byId(rows);
    assertThat(byId).hasSize(TEXTS.size());
    assertVector(byId.get(0L), "the", "cat", "##s", "sat", "on", "the", "mat", ".");
    assertVector(byId.get(1L), "a", "dog", "ran");
    assertThat(byId.get(2L).<String>getAs("status")).isEqualTo("BLANK_TEXT");
    assertVector(byId.get(3L), "[UNK]");
    assertThat(byId.get(3L).<Float>getAs("unknown_token_ratio")).isEqualTo(1);
    assertVector(byId.get(4L), "a", "dog", "ran");
    assertVector(byId.get(5L), "on", "the", "mat", ".");
  }

  private List<Row> table(Path output) {
    return LocalSpark.session().read().parquet(output.toString()).collectAsList();
  }

  @Test
  void theTransformerEmbeds() {
    TextEmbedder embedder = new TextEmbedder().setModel(model.toString());
    assertRows(embedder.transform(LocalSpark.texts(2, TEXTS)).collectAsList());
  }

  @Test
  void theJobWritesATableAndAddsToIt() throws IOException {
    Path output = directory.resolve("vectors");
    Object[] flags = {
      "--input",
      input,
      "--output",
      output,
      "--model",
      model,
      "--mode",
      "incremental",
      "--id-col",
      "id"
    };
    JobRun.embed(List.of(flags)).assertDone();
    assertRows(table(output));
    JsonNode settings = JobRun.manifests(output).get(0).get("settings");
    assertThat(settings.at("/pooling/value").asText()).isEqualTo("mean");
    assertThat(settings.at("/strip/value").isNull()).isTrue();

    List<String> more = new ArrayList<>(TEXTS);
    more.add("the cat ran");
    writeTexts(more);
    JobRun.embed(List.of(flags)).assertDone();
    Map<Long, Row> byId = byId(table(output));
    assertThat(byId).hasSize(more.size());
    assertVector(byId.get(6L), "the", "cat", "ran");

    // Rows of another matrix do not go into one table.
    float[][] other = TinyStaticModels.matrix();
    other[4][0] += 1;
    SafeTensorsFiles.write(model.resolve("model.safetensors"), "embedding.weight", other);
    more.add("the dog ran");
    writeTexts(more);
    JobRun.embed(List.of(flags)).assertRefused("fingerprint");
  }

  @Test
  void longTextsAreCutIntoChunksOnDemand() throws IOException {
    writeTexts(List.of("The cat sat on the mat. A dog ran on the mat.", "a cat."));
    Path output = directory.resolve("chunks");
    JobRun.embed(
            "--input",
            input,
            "--output",
            output,
            "--model",
            model,
            "--chunk",
            "rows",
            "--chunk-tokens",
            "8")
        .assertDone();
    assertThat(table(output)).hasSize(3);
  }

  @Test
  void theJobRefusesWhatMakesNoSense() {
    Path output = directory.resolve("vectors");
    Object[] flags = {"--input", input, "--output", output, "--model", model};
    JobRun.embed(List.of(flags), "--pooling", "cls").assertRefused("pooling: cls", "is static");
    JobRun.embed(List.of(flags), "--precision", "int8").assertRefused("precision", "is static");
    JobRun.embed(List.of(flags), "--model-file", "a.onnx").assertRefused("is static", "a.onnx");
    assertThat(output).doesNotExist();
  }

  @Test
  void theDoctorRunsIt() throws IOException {
    Path report = directory.resolve("doctor.json");
    JobRun run =
        JobRun.of(
            "doctor",
            "--model",
            model.toString(),
            "--input",
            input.toString(),
            "--json",
            report.toString());
    assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
    assertThat(run.out()).contains("Plan", "estimated time");
    assertThat(new ObjectMapper().readTree(report.toFile()).get("ok").asBoolean()).isTrue();
  }
}
