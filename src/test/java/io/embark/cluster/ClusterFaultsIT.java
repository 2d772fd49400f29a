package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.model.store.FarAway;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tasks that are slow, fail and are lost, on executors in JVMs of their own: what is counted is
 * what the rows add up to. On the way, the model comes from a remote file system and native
 * libraries from a folder.
 */
@Timeout(400)
@EnabledOnOs(OS.LINUX)
class ClusterFaultsIT {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final int ROWS = 1_000;
  private static final Pattern NATIVE =
      Pattern.compile("(/\\S*/(?:libonnxruntime|libtokenizers)\\S*)");

  @TempDir static Path directory;
  private static StandaloneCluster cluster;
  private static Path faultyDisk;
  private static Path input;
  private static Path model;

  @BeforeAll
  static void start() throws IOException {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      json.append("{\"id\": %d, \"text\": \"Row %d %s\"}\n".formatted(i, i, "so ".repeat(i % 23)));
    }
    input = Files.writeString(directory.resolve("texts.jsonl"), json);
    cluster =
        StandaloneCluster.in(Files.createDirectory(directory.resolve("cluster")))
            .workers(2)
            .librariesInPlace()
            .hostsApart()
            .start();
    faultyDisk = cluster.jarOf(FaultyDisk.class);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static List<String> arguments(String model, Path output, int partitions) {
    List<String> arguments = new ArrayList<>(List.of("--model", model, "--input"));
    arguments.addAll(List.of(input.toString(), "--output", output.toString(), "--preview", "0"));
    arguments.addAll(List.of("--partitions", Integer.toString(partitions)));
    return arguments;
  }

  private static JsonNode result(Path output) throws IOException {
    try (Stream<Path> files = Files.list(output.resolve("_embark"))) {
      List<Path> runs = files.filter(f -> f.getFileName().toString().startsWith("run-")).toList();
      assertThat(runs).hasSize(1);
      return new ObjectMapper().readTree(runs.get(0).toFile()).get("result");
    }
  }

  /** What was counted while embedding is what the rows add up to. */
  private static void requireSums(JsonNode result, Path output) {
    Row sums =
        LocalSpark.session()
            .read()
            .parquet(output.toString())
            .selectExpr("count(*)", "count(distinct id)", "sum(tokens_used)", "sum(token_count)")
            .head();
    assertThat(sums.getLong(0)).isEqualTo(ROWS).isEqualTo(sums.getLong(1));
    assertThat(result.get("rows").asLong()).isEqualTo(ROWS);
    assertThat(result.get("tokens").asLong()).isEqualTo(sums.getLong(2));
    assertThat(result.get("tokensOfWholeTexts").asLong()).isEqualTo(sums.getLong(3));
    double seconds = result.get("seconds").asDouble();
    assertThat(result.get("rowsPerSecond").asDouble() * seconds).isCloseTo(ROWS, within(0.01));
    assertThat(result.get("tokensPerSecond").asDouble() * seconds)
        .isCloseTo(sums.getLong(2), within(0.01));
  }

  @Test
  void aSlowTaskRunsTwiceAndAFailedOneAgainAndBothCountOnce() throws Exception {
    Path natives = natives();
    Path copied = directory.resolve("copied.log");
    Path output = directory.resolve("two-attempts");
    String jars = faultyDisk + ":" + cluster.jarOf(FarAway.class);
    List<String> flags =
        new ArrayList<>(
            new FaultyDisk.Faults(
                    output,
                    100,
                    ".*_attempts/.*_m_000002_.*",
                    ".*/slice-00001.parquet",
                    Files.createDirectory(directory.resolve("marks")))
                .flags(jars));
    for (String conf :
        List.of(
            "spark.speculation=true",
            "spark.speculation.interval=200ms",
            "spark.speculation.quantile=0.5",
            "spark.speculation.minTaskRuntime=500ms",
            "spark.hadoop.fs.far.impl=" + FarAway.class.getName(),
            "spark.hadoop.far.log=" + copied,
            "spark.executorEnv.EMBARK_CACHE=" + directory.resolve("cache"))) {
      flags.addAll(List.of("--conf", conf));
    }
    Map<String, String> environment = new HashMap<>();
    environment.put("EMBARK_NATIVES", natives.toString());
    environment.put("EMBARK_CACHE", directory.resolve("cache").toString());

    Map<Long, Set<String>> loaded = new HashMap<>();
    try (TestJvm job =
        cluster.begin(
            "embed.sh",
            environment,
            flags,
            arguments("far://" + model, output, 5).toArray(String[]::new))) {
      while (job.isAlive()) {
        for (ProcessHandle executor : cluster.executors(0)) {
          Set<String> libraries = natives(executor);
          // Nothing yet.
          if (!libraries.isEmpty()) {
            loaded.computeIfAbsent(executor.pid(), p -> new HashSet<>()).addAll(libraries);
          }
        }
        Thread.sleep(100);
      }
      job.awaitEnd(LIMIT).succeeded();
    }

    JsonNode result = result(output);
    String executors = String.join("", cluster.executorLogs());
    assertThat(executors).contains("Running task 2.0 in", "Running task 2.1 in");
    assertThat(executors).contains("Running task 1.1 in");
    assertThat(directory.resolve("marks/stuck")).exists();
    assertThat(result.get("failedTasks").asInt()).isEqualTo(1);
    assertThat(result.get("tasks").asInt()).isEqualTo(5);
    requireSums(result, output);
    Set<Integer> partitions = new HashSet<>();
    long rows = 0;
    for (JsonNode task : result.get("slowestTasks")) {
      partitions.add(task.get("partition").asInt());
      rows += task.get("rows").asLong();
    }
    assertThat(partitions).hasSize(5);
    assertThat(rows).isEqualTo(ROWS);

    assertThat(Files.readAllLines(copied))
        .as("files of the model that were fetched by driver and two executors")
        .contains("model.onnx", "tokenizer.json")
        .doesNotHaveDuplicates();
    assertThat(loaded).hasSizeGreaterThanOrEqualTo(2);
    assertThat(loaded.values())
        .as("native libraries that executors have loaded")
        .allSatisfy(
            libraries ->
                assertThat(libraries)
                    .anyMatch(l -> l.contains("libonnxruntime"))
                    .anyMatch(l -> l.contains("libtokenizers"))
                    .allMatch(l -> l.startsWith(natives.toString())));
  }

  @Test
  void whatIsLostWithAnExecutorIsDoneAgainAndCountsOnce() throws Exception {
    Path output = directory.resolve("lost");
    // Killed while a task of it hangs: at any other moment it may be between two tasks.
    Path marks = Files.createDirectory(directory.resolve("lost-marks"));
    List<String> flags =
        new FaultyDisk.Faults(output, 100, ".*_attempts/.*_m_000009_.*", "", marks)
            .flags(faultyDisk.toString());
    try (TestJvm job =
        cluster.begin(
            "embed.sh",
            Map.of(),
            flags,
            arguments(model.toString(), output, 16).toArray(String[]::new))) {
      long hanging =
          TestJvm.await("a task that hangs", LIMIT, () -> processIn(marks.resolve("stuck")));
      ProcessHandle executor = ProcessHandle.of(hanging).orElseThrow();
      assertThat(cluster.executors(1)).contains(executor);
      assertThat(executor.destroyForcibly()).isTrue();
      job.awaitEnd(LIMIT).succeeded();
    }
    JsonNode result = result(output);
    assertThat(result.get("failedTasks").asInt()).isPositive();
    assertThat(result.get("resumedSlices").asInt()).isZero();
    requireSums(result, output);
  }

  /** The process whose id is in a file, or null as long as none is. */
  private static Long processIn(Path mark) {
    try {
      String process = Files.readString(mark);
      return process.isEmpty() ? null : Long.valueOf(process);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What {@code jobs/extract-natives.sh} writes. */
  private static Path natives() throws Exception {
    Path natives = directory.resolve("natives");
    Path log = directory.resolve("natives.log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("embark.dist"), "jobs", "extract-natives.sh").toString(),
                natives.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    return natives.toRealPath();
  }

  /** The native libraries of ours that a process has mapped. */
  private static Set<String> natives(ProcessHandle process) {
    Set<String> found = new HashSet<>();
    try (Stream<String> maps = Files.lines(Path.of("/proc", process.pid() + "", "maps"))) {
      maps.forEach(
          line -> {
            Matcher library = NATIVE.matcher(line);
            if (library.find()) {
              found.add(library.group(1));
            }
          });
    } catch (IOException | UncheckedIOException e) {
      // It has ended meanwhile.
      return found;
    }
    return found;
  }
}
