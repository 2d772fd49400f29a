package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;
import org.apache.spark.metrics.sink.PrometheusServlet;
import org.apache.spark.metrics.source.Source;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.collection.JavaConverters;

class AccountingTest {
  @TempDir static Path directory;
  private static Path input;

  @TempDir Path own;

  @BeforeAll
  static void texts() throws IOException {
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      String text = i % 20 == 3 ? "null" : "\"text " + i + " more".repeat(i % 11) + "\"";
      json.append("{\"id\": %d, \"text\": %s}\n".formatted(i, text));
    }
    input = Files.writeString(directory.resolve("texts.jsonl"), json);
  }

  private Path output() {
    return own.resolve("vectors");
  }

  private JobRun embed(Path model, Object... flags) {
    return JobRun.embed(List.of("--model", model, "--input", input, "--output", output()), flags);
  }

  private static Path model(String name) {
    return TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve(name));
  }

  private JsonNode result() throws IOException {
    List<JsonNode> manifests = JobRun.manifests(output());
    return manifests.get(manifests.size() - 1).get("result");
  }

  private Dataset<Row> written() {
    return LocalSpark.session().read().parquet(output().toString());
  }

  @Test
  void whatIsSaidOfTheRunAddsUpToItsRows() throws IOException {
    JobRun run = embed(model("sums"), "--partitions", "6", "--max-length", "8");
    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode result = result();

    assertThat(result.get("rows").asLong()).isEqualTo(200).isEqualTo(written().count());
    assertThat(result.get("OK").asLong() + result.get("NULL_TEXT").asLong()).isEqualTo(200);
    Row sums =
        written()
            .selectExpr("sum(tokens_used)", "sum(token_count)", "avg(unknown_token_ratio)")
            .head();
    assertThat(result.get("tokens").asLong()).isEqualTo(sums.getLong(0));
    assertThat(result.get("tokensOfWholeTexts").asLong()).isEqualTo(sums.getLong(1));
    assertThat(result.get("lostTokens").asDouble())
        .isCloseTo(1 - (double) sums.getLong(0) / sums.getLong(1), within(1e-9))
        .isPositive();
    assertThat(result.get("unknownTokenRatio").asDouble())
        .isCloseTo(sums.getDouble(2), within(1e-5));
    long rows = 0;
    for (JsonNode task : result.get("slowestTasks")) {
      rows += task.get("rows").asLong();
    }
    assertThat(result.get("slowestTasks")).hasSize(5);
    assertThat(result.get("tasks").asLong()).isEqualTo(6);
    assertThat(rows).isBetween(101L, 199L);
    JsonNode seconds = result.get("taskSeconds");
    assertThat(
            Stream.of("read", "tokenize", "wait", "write")
                .mapToDouble(part -> seconds.get(part).asDouble())
                .sum())
        .isCloseTo(seconds.get("all").asDouble(), within(1e-6));
    assertThat(result.get("batches").asLong()).isPositive();
    assertThat(run.out()).contains("200 rows, 10 NULL_TEXT", "6 tasks took");
  }

  @Test
  void equalTextsOfATaskAreEmbeddedOnceAndSaidToBe() throws IOException {
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < 120; i++) {
      json.append("{\"id\": %d, \"text\": \"text %d\"}\n".formatted(i, i % 40));
    }
    Path texts = Files.writeString(own.resolve("repeats.jsonl"), json);
    JobRun run =
        JobRun.embed(
            "--model",
            model("repeats"),
            "--input",
            texts,
            "--output",
            output(),
            "--partitions",
            "1");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("80 texts equal another in their task's buffer");
    assertThat(result().get("repeatedTexts").asLong()).isEqualTo(80);
    // Of the rows, and not of the work.
    assertThat(result().get("tokens").asLong())
        .isEqualTo(written().selectExpr("sum(tokens_used)").head().getLong(0));
    assertThat(written().groupBy("text", "embedding").count().where("count = 3").count())
        .isEqualTo(40);
  }

  @Test
  void unknownTokensAreShares() throws IOException {
    Path texts =
        Files.writeString(
            own.resolve("scripts.jsonl"),
            """
            {"id": 0, "text": "hello world"}
            {"id": 1, "text": "\\uD80C\\uDC00 \\uD80C\\uDC01"}
            {"id": 2, "text": "hello \\uD80C\\uDC00"}
            {"id": 3, "text": null}
            """);
    for (String prompt : List.of("", "query: ")) {
      JobRun run =
          JobRun.embed(
              "--input", texts, "--output", output(), "--mode", "overwrite", "--prompt", prompt);
      assertThat(run.exitCode()).as(run.err()).isZero();
      assertThat(written().orderBy("id").select("unknown_token_ratio").collectAsList())
          .extracting(row -> row.getFloat(0))
          .containsExactly(0f, 1f, 0.5f, 0f);
    }
    assertThat(result().get("unknownTokenRatio").asDouble()).isCloseTo(0.375, within(1e-6));
  }

  @Test
  void aGateNamesTheWorstRowsAndLeavesTheOldVersion() throws IOException {
    Path good = model("gate");
    assertThat(embed(good).exitCode()).isZero();
    List<Row> before = written().orderBy("id").collectAsList();

    JobRun run =
        embed(good, "--mode", "overwrite", "--max-length", "8", "--max-lost-tokens", "0.01");
    assertThat(run.exitCode()).isEqualTo(ExitCode.QUALITY);
    assertThat(run.error())
        .contains("Nothing was published", "max-lost-tokens allows 1 %", "Worst: id ", "tokens)");
    assertThat(written().orderBy("id").collectAsList()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"10, 3", "0.05, 3", "5%, 3", "0, 3", "1000, 4", "99%, 4"})
  void soManyRowsMayFail(String most, int exitCode) {
    Path failing =
        TinyModels.graph()
            .hiddenSize(4)
            .failingFromId(3000)
            .writeDirectory(directory.resolve("fails-" + most.replace("%", "")));
    JobRun run =
        embed(failing, "--on-row-error", "null", "--canary", "off", "--max-failed-rows", most);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(exitCode);
    if (exitCode == ExitCode.QUALITY) {
      assertThat(run.error()).contains("rows failed", "Some: id ", "FAILED: ");
      assertThat(output().toFile().list()).containsExactly("_embark");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--max-lost-tokens, 1",
    "--max-lost-tokens, 101%",
    "--max-lost-tokens, -1%",
    "--max-failed-rows, -1",
    "--max-failed-rows, some",
    "--max-failed-rows, 1.5",
    "--progress, bar"
  })
  void aLimitThatIsNoneIsRefused(String flag, String value) {
    JobRun run = JobRun.embed("--input", input, "--output", output(), flag, value);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.err()).contains("found '" + value + "', wanted");
  }

  /** As the Prometheus servlet of the web UI would give them. */
  @Test
  void sparksMetricsSystemHasTheCounts() {
    AtomicReference<Long> total = new AtomicReference<>();
    AtomicReference<String> shown = new AtomicReference<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd event) {
            for (Source source : sources("embark.run")) {
              Object value = source.metricRegistry().getGauges().get("rowsToEmbed").getValue();
              total.set((Long) value);
              shown.set(prometheus());
            }
          }
        };
    LocalSpark.session().sparkContext().addSparkListener(listener);
    assertThat(embed(model("metrics"), "--partitions", "3").exitCode()).isZero();

    assertThat(total.get()).isEqualTo(200);
    String text = shown.get();
    assertThat(text).containsPattern("metrics_.*_embark_run_rowsToEmbed_Value\\{[^}]*\\} 200");
    for (String metric :
        List.of(
            "rows_Count",
            "tokens_MeanRate",
            "batches_Count",
            "modelLoads_Count",
            "openSessions_Value",
            "modelSeconds_Value")) {
      assertThat(text)
          .containsPattern("metrics_.*_embark_" + metric + "\\{[^}]*\\} (0\\.0*)?[1-9]");
    }
  }

  private static List<Source> sources(String name) {
    return JavaConverters.seqAsJavaList(SparkEnv.get().metricsSystem().getSourcesByName(name));
  }

  private static String prometheus() {
    try {
      for (Field field : MetricsSystem.class.getDeclaredFields()) {
        if (field.getType() == MetricRegistry.class) {
          field.setAccessible(true);
          MetricRegistry registry = (MetricRegistry) field.get(SparkEnv.get().metricsSystem());
          return new PrometheusServlet(new Properties(), registry).getMetricsSnapshot(null);
        }
      }
      throw new AssertionError("no registry");
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
