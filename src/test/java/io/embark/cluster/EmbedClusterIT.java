package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embed job over executors in JVMs of their own. */
class EmbedClusterIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final Pattern LOADED = Pattern.compile("Loaded model .* \\(executor (\\d+), pid");

  @TempDir Path directory;

  @Test
  void eachExecutorLoadsTheModelOnceAndNoRowIsLost() throws IOException {
    List<String> texts = new ArrayList<>();
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      texts.add("Row " + i + " asks " + "why my card was declined ".repeat(i % 7));
      json.append("{\"id\": %d, \"text\": \"%s\"}\n".formatted(i, texts.get(i)));
    }
    json.append("{\"id\": 400, \"text\": null}\n");
    Path input = Files.writeString(directory.resolve("texts.jsonl"), json);
    Path output = directory.resolve("vectors");

    Run run;
    List<String> logs;
    try (var cluster = StandaloneCluster.in(directory.resolve("cluster")).workers(2).start()) {
      run =
          cluster
              .embed(
                  LIMIT,
                  "--input",
                  input.toString(),
                  "--output",
                  output.toString(),
                  "--partitions",
                  "16")
              .succeeded();
      logs = cluster.executorLogs();
    }

    assertThat(logs).hasSize(2);
    Set<String> executors = new HashSet<>();
    for (String log : logs) {
      List<String> loads = LOADED.matcher(log).results().map(match -> match.group(1)).toList();
      assertThat(loads).as("model loads of one executor").hasSize(1);
      executors.addAll(loads);
    }
    assertThat(executors).hasSize(2);
    // 16 partitions of work, so that once per executor is not once per task by chance.
    assertThat(logs.stream().mapToInt(EmbedClusterIT::tasks).sum()).isGreaterThanOrEqualTo(16);
    assertThat(run.out()).contains("401 rows, 1 NULL_TEXT");

    List<Row> rows =
        LocalSpark.session().read().parquet(output.toString()).orderBy("id").collectAsList();
    assertThat(rows).hasSize(401);
    try (Embedder embedder = Embedder.open(EmbedderConfig.of("builtin:all-MiniLM-L6-v2"))) {
      float[][] wanted = embedder.embed(texts);
      for (int i = 0; i < wanted.length; i++) {
        assertThat(rows.get(i).<Long>getAs("id")).isEqualTo(i);
        double[] found = rows.get(i).<Vector>getAs("embedding").toArray();
        for (int h = 0; h < found.length; h++) {
          assertThat(found[h]).isCloseTo(wanted[i][h], within(1e-5));
        }
      }
    }
    assertThat(rows.get(400).<String>getAs("status")).isEqualTo("NULL_TEXT");
  }

  /** The classes as they are shipped: relocated, found by Spark through one setting. */
  @Test
  void sqlFunctionsRunOnExecutors() {
    Run run;
    List<String> logs;
    try (var cluster = StandaloneCluster.in(directory.resolve("cluster")).workers(2).start()) {
      run =
          cluster
              .submit(
                  LIMIT,
                  SqlQuery.class,
                  List.of(
                      "--conf", "spark.sql.extensions=io.embark.spark.EmbarkExtensions",
                      "--conf", "spark.embark.device=cpu"))
              .succeeded();
      logs = cluster.executorLogs();
    }
    List<String> rows = run.values("row: ");
    assertThat(rows).hasSize(40);
    for (int i = 0; i < 40; i++) {
      String[] fields = rows.get(i).split(" ");
      assertThat(fields[0]).isEqualTo(Integer.toString(i));
      if (i == 7) {
        assertThat(fields[2]).isEqualTo("null");
      } else {
        assertThat(fields[1]).isEqualTo("384");
        assertThat(Double.parseDouble(fields[2])).isBetween(0.5, 1.000001);
      }
    }
    assertThat(Double.parseDouble(rows.get(0).split(" ")[2])).isCloseTo(1, within(1e-5));
    assertThat(logs).hasSize(2);
    assertThat(logs).allSatisfy(log -> assertThat(LOADED.matcher(log).results()).hasSize(1));
  }

  private static int tasks(String log) {
    return log.split("Running task", -1).length - 1;
  }
}
