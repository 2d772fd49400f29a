package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtEnvironment;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.spark.gpu.CpuForEveryGpu;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two workers that each say they have two GPUs, on a machine without any: where sessions land, what
 * is said, and what a lost executor costs.
 */
class GpuClusterIT {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final Pattern LOADED =
      Pattern.compile(
          "Loaded model (\\S+) on (\\S+?)(?:, GPU address (\\d+))? in \\d+ ms \\(executor (\\d+),"
              + " pid (\\d+)\\)");
  private static final int ROWS = 300;

  @TempDir static Path directory;
  private static StandaloneCluster cluster;
  private static String model;
  private static String input;

  private List<String> earlier;

  /** A session of one executor, as its log tells. */
  private record Session(String executor, String pid, String address, String model) {}

  @BeforeAll
  static void start() throws IOException {
    model = TinyModels.graph().writeDirectory(directory.resolve("tiny")).toString();
    input = texts("texts.jsonl", ROWS);
    cluster =
        StandaloneCluster.in(Files.createDirectory(directory.resolve("cluster")))
            .workers(2)
            .cores(2)
            .gpus(2)
            .librariesInPlace()
            .start();
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void rememberLogs() {
    earlier = cluster.executorLogs();
  }

  @Test
  void eachAddressOfEachExecutorGetsOneSessionInTheStageThatAsksForIt() {
    Path jar = cluster.jarOf(CpuForEveryGpu.class);
    Path output = directory.resolve("four-addresses");
    Run run =
        cluster
            .embed(
                LIMIT,
                List.of(
                    "--conf", "spark.plugins=" + CpuForEveryGpu.class.getName(),
                    "--conf", "spark.driver.extraClassPath=" + jar,
                    "--conf", "spark.executor.extraClassPath=" + jar,
                    "--conf", "spark.executor.resource.gpu.amount=2"),
                // No spark.task.resource.gpu.amount: only the embedding stage gets addresses.
                arguments(output, "--device", "cuda", "--gpu-stage", "1", "--partitions", "24"))
            .succeeded();

    assertThat(run.out()).contains(ROWS + " rows");
    List<Session> sessions = sessions();
    assertThat(sessions).hasSize(4).doesNotHaveDuplicates();
    assertThat(sessions.stream().map(Session::pid).distinct()).hasSize(2);
    for (Session session : sessions) {
      assertThat(session.model()).isEqualTo(model);
      assertThat(sessions.stream().filter(s -> s.pid().equals(session.pid())))
          .extracting(Session::address)
          .containsExactlyInAnyOrder("0", "1");
    }
  }

  @Test
  void cudaWithoutALibraryFailsSoonAndNamesIt() {
    long start = System.nanoTime();
    Run run =
        cluster.embed(
            LIMIT,
            gpuPerTask(),
            arguments(directory.resolve("cuda"), "--device", "cuda", "--partitions", "24"));
    Duration took = Duration.ofNanos(System.nanoTime() - start);

    assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    assertThat(run.err())
        .containsPattern("Error: Executor \\d+ on 127.0.0.1: Cannot run on CUDA device [01]: ")
        .contains("libcublasLt.so.12", "device auto");
    // Generous: a machine under load starts three JVMs meanwhile.
    assertThat(took).isLessThan(Duration.ofMinutes(2));
    assertThat(sessions()).isEmpty();
  }

  @Test
  void aSecondOnnxRuntimeOnTheExecutorsIsNamed() throws IOException {
    Path other = onnxRuntimeOfAnotherVersion();
    Run run =
        cluster.embed(
            LIMIT,
            List.of("--conf", "spark.executor.extraClassPath=" + other),
            arguments(directory.resolve("two-runtimes"), "--device", "cpu"));

    assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    assertThat(run.err())
        .contains(
            "Found 2 ONNX Runtimes", other + " (version 1.20.0)", "In use would be the first");
  }

  /**
   * No GPU: one session for both addresses; kill -9 in the middle: no row lost or counted twice.
   */
  @Test
  void aKilledExecutorCostsNoRowsAndAutoSharesOneSessionOnTheCpu() throws IOException {
    int rows = 1000;
    Path output = directory.resolve("killed");
    String texts = texts("many-texts.jsonl", rows);
    var running =
        CompletableFuture.supplyAsync(
            () ->
                cluster.embed(
                    LIMIT,
                    gpuPerTask(),
                    "--input",
                    texts,
                    "--output",
                    output.toString(),
                    "--partitions",
                    "24",
                    "--preview",
                    "0"));
    TestJvm.await(
        "both executors in the middle of it",
        LIMIT,
        () -> {
          if (running.isDone()) {
            throw new AssertionError("the run ended early:\n" + running.join().err());
          }
          // Both work on texts, and some of it is done.
          List<String> logs = logs();
          return logs.size() == 2
                  && logs.stream()
                      .allMatch(l -> l.contains("Loaded model") && finishedAfterLoading(l) >= 2)
              ? true
              : null;
        });
    ProcessHandle killed = cluster.executors(2).get(0);
    assertThat(killed.destroyForcibly()).isTrue();
    Run run = running.join().succeeded();

    assertThat(run.out()).contains(rowsInWords(rows));
    List<String> logs = logs();
    assertThat(logs).as("two executors and the one in place of the killed").hasSize(3);
    for (String log : logs) {
      // The last one may come too late for any work.
      assertThat(LOADED.matcher(log).results().count()).isLessThanOrEqualTo(1);
    }
    assertThat(sessions()).hasSizeGreaterThanOrEqualTo(2).allMatch(s -> s.address() == null);

    List<Row> found =
        LocalSpark.session().read().parquet(output.toString()).orderBy("id").collectAsList();
    assertThat(found).hasSize(rows);
    try (Embedder embedder = Embedder.open(EmbedderConfig.of("builtin:all-MiniLM-L6-v2"))) {
      for (int i = 0; i < rows; i += 97) {
        assertThat(found.get(i).<Long>getAs("id")).isEqualTo(i);
        float[] wanted = embedder.embed(List.of(text(i)))[0];
        double[] vector = found.get(i).<Vector>getAs("embedding").toArray();
        for (int h = 0; h < wanted.length; h++) {
          assertThat(vector[h]).isCloseTo(wanted[h], within(1e-5));
        }
      }
    }
  }

  /** Executors without GPUs read, executors with one GPU each embed. */
  @Test
  void withDynamicAllocationTheEmbeddingStageHasExecutorsOfItsOwn() {
    Path jar = cluster.jarOf(CpuForEveryGpu.class);
    Run run =
        cluster
            .embed(
                LIMIT,
                List.of(
                    "--conf", "spark.plugins=" + CpuForEveryGpu.class.getName(),
                    "--conf", "spark.driver.extraClassPath=" + jar,
                    "--conf", "spark.executor.extraClassPath=" + jar,
                    "--conf", "spark.executor.cores=1",
                    "--conf", "spark.dynamicAllocation.enabled=true",
                    "--conf", "spark.dynamicAllocation.shuffleTracking.enabled=true",
                    // For each kind of executor.
                    "--conf", "spark.dynamicAllocation.maxExecutors=1",
                    "--conf", "spark.scheduler.minRegisteredResourcesRatio=0"),
                arguments(
                    directory.resolve("own-executors"), "--device", "cuda", "--gpu-stage", "1"))
            .succeeded();

    assertThat(run.out()).contains(ROWS + " rows");
    assertThat(logs()).hasSize(2);
    assertThat(sessions()).singleElement().satisfies(s -> assertThat(s.address()).isNotNull());
  }

  private static List<String> gpuPerTask() {
    return List.of(
        "--conf", "spark.executor.resource.gpu.amount=2",
        "--conf", "spark.task.resource.gpu.amount=1");
  }

  private static String[] arguments(Path output, String... more) {
    List<String> all =
        new ArrayList<>(List.of("--input", input, "--output", output.toString(), "--model", model));
    all.addAll(List.of("--preview", "0"));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static String texts(String name, int rows) throws IOException {
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      json.append("{\"id\": %d, \"text\": \"%s\"}\n".formatted(i, text(i)));
    }
    return Files.writeString(directory.resolve(name), json).toString();
  }

  private static String text(int row) {
    return "Row " + row + " asks " + "why my card was declined ".repeat(row % 7);
  }

  private static String rowsInWords(int rows) {
    return "%,d rows; ".formatted(rows);
  }

  private static int finishedAfterLoading(String log) {
    String after = log.substring(log.indexOf("Loaded model"));
    return after.split("Finished task", -1).length - 1;
  }

  /** What executors have logged since the test began. */
  private List<String> logs() {
    List<String> logs = new ArrayList<>(cluster.executorLogs());
    earlier.forEach(logs::remove);
    return logs;
  }

  private List<Session> sessions() {
    return logs().stream()
        .flatMap(log -> LOADED.matcher(log).results())
        .map(m -> new Session(m.group(4), m.group(5), m.group(3), m.group(1)))
        .toList();
  }

  private static Path onnxRuntimeOfAnotherVersion() throws IOException {
    Path jar = directory.resolve("onnxruntime-1.20.0.jar");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_TITLE, "onnxruntime");
    manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, "1.20.0");
    String resource = OrtEnvironment.class.getName().replace('.', '/') + ".class";
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(file, manifest);
        InputStream in = OrtEnvironment.class.getClassLoader().getResourceAsStream(resource)) {
      entries.putNextEntry(new JarEntry(resource));
      in.transferTo(entries);
    }
    return jar;
  }
}
