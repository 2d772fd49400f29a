package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One cache, several JVMs. */
@Timeout(300)
class ModelProcessesTest {
  @TempDir Path cache;
  @TempDir Path models;
  private Path log;
  private String uri;
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void write() {
    FarAway.reset();
    log = models.resolve("log");
    TinyModels.writeFiles(
        models.resolve("m"), Map.of("model.onnx", "g".repeat(3_000_000), "tokenizer.json", "{}"));
    uri = "far:" + models.resolve("m");
  }

  @AfterEach
  void end() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  private Process start(String how) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                StoreProcess.class.getName(),
                cache.toString(),
                uri,
                log.toString(),
                how)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    started.add(process);
    return process;
  }

  private static String line(Process process) throws IOException {
    return new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
  }

  private List<Path> inCache() throws IOException {
    try (Stream<Path> entries = Files.list(cache.resolve("models"))) {
      return entries.toList();
    }
  }

  @Test
  void severalAtOnceCopyOnce() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      processes.add(start("open"));
    }
    for (Process process : processes) {
      assertThat(line(process)).startsWith(cache.toString()).endsWith(" 3000000");
      assertThat(process.waitFor()).isZero();
    }
    assertThat(Files.readAllLines(log)).containsExactlyInAnyOrder("model.onnx", "tokenizer.json");
    assertThat(inCache()).hasSize(1);
  }

  @Test
  void oneThatIsKilledInMidCopyIsTakenOverFrom() throws Exception {
    Process first = start("stall");
    while (!Files.exists(log)) {
      Thread.sleep(20);
    }
    Process second = start("open");
    Thread.sleep(1000);
    assertThat(second.isAlive()).as("it waits for the first").isTrue();
    assertThat(inCache()).singleElement().asString().contains(".filling-");
    first.destroyForcibly().waitFor();
    assertThat(line(second)).endsWith(" 3000000");
    assertThat(inCache()).singleElement().asString().doesNotContain(".filling-");
  }

  @Test
  void whatAnotherProcessUsesIsNotRemoved() throws Exception {
    Process user = start("hold");
    Path graph = Path.of(line(user).split(" ")[0]);
    String copy = graph.getParent().getFileName().toString();
    TinyModels.writeFiles(
        models.resolve("n"), Map.of("model.onnx", "g".repeat(100), "tokenizer.json", "{}"));
    FarAway.store(cache, 1_000_000, false).open("far:" + models.resolve("n"), null);
    assertThat(graph).as(copy).exists();
    user.destroyForcibly().waitFor();
    TinyModels.writeFiles(
        models.resolve("o"), Map.of("model.onnx", "g".repeat(100), "tokenizer.json", "{}"));
    FarAway.store(cache, 1_000_000, false).open("far:" + models.resolve("o"), null);
    assertThat(graph).doesNotExist();
  }
}
