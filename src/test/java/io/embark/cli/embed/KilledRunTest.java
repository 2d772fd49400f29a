package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Drivers in processes of their own, killed with SIGKILL in the middle of their work. */
@Timeout(400)
class KilledRunTest {
  private static final int ROWS = 6_000;
  private static final int SLICES = 60;

  @TempDir Path directory;
  private Path model;
  private Path input;

  private Path output() {
    return directory.resolve("out");
  }

  private List<String> flags() {
    return List.of(
        "--model",
        model.toString(),
        "--pooling",
        "mean",
        "--device",
        "cpu",
        "--preview",
        "0",
        "--input",
        input.toString(),
        "--output",
        output().toString(),
        "--id-col",
        "id",
        "--partitions",
        Integer.toString(SLICES));
  }

  private Process start() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(a -> a.startsWith("--add-opens") || a.startsWith("-XX:+Ignore"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-Xmx1g",
            "-Dspark.master=local[2]",
            "-Dspark.ui.enabled=false",
            "-Dspark.driver.host=127.0.0.1",
            "-Dspark.driver.bindAddress=127.0.0.1",
            "-cp",
            System.getProperty("java.class.path"),
            "io.embark.cli.Main",
            "embed"));
    command.addAll(flags());
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile()))
        .start();
  }

  /** Names of the slices that are done. */
  private Set<String> slices() throws IOException {
    Set<String> names = new HashSet<>();
    Path staging = output().resolve("_embark/staging");
    if (Files.isDirectory(staging)) {
      try (Stream<Path> runs = Files.list(staging)) {
        for (Path run : runs.toList()) {
          if (Files.isDirectory(run.resolve("slices"))) {
            try (Stream<Path> files = Files.list(run.resolve("slices"))) {
              files
                  .map(f -> f.getFileName().toString())
                  .filter(n -> n.startsWith("slice-"))
                  .forEach(names::add);
            }
          }
        }
      } catch (java.nio.file.NoSuchFileException e) {
        // Published and cleaned up meanwhile.
        return names;
      }
    }
    return names;
  }

  @Test
  void killedAgainAndAgainEachIdIsThereOnce() throws Exception {
    model = TinyModels.graph().hiddenSize(4).writeDirectory(directory.resolve("tiny"));
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      lines.append("{\"id\": %d, \"text\": \"text number %d\"}%n".formatted(i, i));
    }
    input = Files.writeString(directory.resolve("in.jsonl"), lines);
    Random random = new Random(5);
    int kills = 4;
    int before = 0;
    for (int kill = 0; kill < kills; kill++) {
      Process run = start();
      int wanted = before + 1 + random.nextInt(9);
      while (run.isAlive() && slices().size() < wanted) {
        Thread.sleep(2);
      }
      if (kill == 1) {
        // Held still, so that it does not end while the other one starts.
        new ProcessBuilder("kill", "-STOP", Long.toString(run.pid())).start().waitFor();
        JobRun second = JobRun.of(command());
        assertThat(second.exitCode()).isEqualTo(ExitCode.FAILED);
        assertThat(second.error()).contains("is being written by process " + run.pid());
      }
      assertThat(run.isAlive()).as(Files.readString(directory.resolve("log"))).isTrue();
      run.destroyForcibly();
      assertThat(run.waitFor(30, TimeUnit.SECONDS)).isTrue();
      JobRun inspected = JobRun.of("inspect", output().toString());
      assertThat(inspected.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
      assertThat(inspected.error())
          .contains(
              "no snapshot under its _embark yet",
              "being written by process " + run.pid(),
              "which is gone",
              " of 60 slices are done of a run");
      Set<String> now = slices();
      assertThat(now.size()).as("slices that were done stay").isGreaterThanOrEqualTo(before);
      before = now.size();
      try (Stream<Path> visible = Files.list(output())) {
        assertThat(visible.map(f -> f.getFileName().toString())).containsExactly("_embark");
      }
    }
    assertThat(before).isBetween(kills, SLICES - 1);

    JobRun last = JobRun.of(command());
    assertThat(last.exitCode()).as(last.err()).isZero();
    assertThat(last.out()).contains("Went on where an earlier attempt ended: " + before + " of");
    List<Row> rows = Embark.read(LocalSpark.session(), output().toString()).collectAsList();
    assertThat(rows).hasSize(ROWS);
    assertThat(rows.stream().map(r -> r.<Long>getAs("id")).distinct()).hasSize(ROWS);
    Path fresh = directory.resolve("fresh");
    JobRun undisturbed =
        JobRun.embed(
            "--model",
            model,
            "--pooling",
            "mean",
            "--input",
            input,
            "--output",
            fresh,
            "--id-col",
            "id");
    assertThat(undisturbed.exitCode()).isZero();
    assertThat(sorted(rows))
        .isEqualTo(sorted(Embark.read(LocalSpark.session(), fresh.toString()).collectAsList()));
    JsonNode result = manifest().get("result");
    assertThat(result.get("resumedSlices").asInt()).isEqualTo(before);
    assertThat(result.get("resumedRows").asInt()).isPositive();
    assertThat(output().resolve("_embark/staging")).doesNotExist();
  }

  private String[] command() {
    List<String> all = new ArrayList<>(List.of("embed"));
    all.addAll(flags());
    return all.toArray(String[]::new);
  }

  private JsonNode manifest() throws IOException {
    return JobRun.manifests(output()).get(0);
  }

  private static List<String> sorted(List<Row> rows) {
    return rows.stream().map(Row::toString).sorted().toList();
  }
}
