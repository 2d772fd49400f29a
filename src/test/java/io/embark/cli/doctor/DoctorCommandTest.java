package io.embark.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
  @TempDir Path directory;

  private static JsonNode check(JsonNode report, String name) {
    for (JsonNode check : report.get("checks")) {
      if (check.get("check").asText().equals(name)) {
        return check.get("verdict");
      }
    }
    throw new AssertionError("no check " + name + " in " + report.get("checks"));
  }

  @Test
  void everythingIsCheckedMeasuredAndPlanned() throws IOException {
    Path input = directory.resolve("texts.jsonl");
    Files.writeString(input, "{\"text\": \"some words of a text\"}\n".repeat(500));
    Path file = directory.resolve("new/doctor.json");
    JobRun run =
        JobRun.of(
            "doctor",
            "--device",
            "cpu",
            "--input",
            input.toString(),
            "--output",
            directory.resolve("out").toString(),
            "--json",
            file.toString());
    assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
    assertThat(run.out())
        .contains("Sessions", "Checks", "Plan", "--token-budget", "estimated time")
        .contains("500 rows of 7 tokens");
    assertThat(run.out().lines()).allMatch(line -> line.length() <= 100);

    JsonNode report = new ObjectMapper().readTree(file.toFile());
    assertThat(report.get("schema").asInt()).isEqualTo(1);
    assertThat(report.get("ok").asBoolean()).isTrue();
    for (String name :
        new String[] {
          "java", "spark", "system", "memory", "onnxruntime", "onnxruntime jars", "nvidia-smi",
          "cuda libraries", "model cache", "output", "input", "executors", "model", "tokenizer",
          "session", "canary", "speed", "clock"
        }) {
      assertThat(check(report, name).asText()).as(name).isIn("OK", "WARNING");
    }
    JsonNode place = report.get("places").get(0);
    assertThat(place.get("device").asText()).isEqualTo("cpu");
    assertThat(place.get("speed").get("shapes")).hasSize(3);
    assertThat(place.get("speed").get("shapes").get(2).get("tokensPerSecond").asDouble())
        .isPositive();
    assertThat(report.get("plan").get("rows").asLong()).isEqualTo(500);
    assertThat(report.get("plan").get("partitions").asInt()).isBetween(1, 2);
    assertThat(directory.resolve("out")).doesNotExist();
    try (var left = Files.list(directory)) {
      assertThat(left.map(p -> p.getFileName().toString()))
          .noneMatch(name -> name.contains("_embark-doctor"));
    }
  }

  @Test
  void textsMayBeFields() throws IOException {
    Path input = directory.resolve("texts.jsonl");
    Files.writeString(input, "{\"body\": {\"text\": \"some words of a text\"}}\n".repeat(20));
    JobRun run =
        JobRun.of(
            "doctor", "--device", "cpu", "--input", input.toString(), "--text-col", "body.text");
    assertThat(run.out()).contains("20 rows of 7 tokens");
  }

  @Test
  void cudaWithoutCudaFailsNamingTheLibrary() throws IOException {
    Path file = directory.resolve("doctor.json");
    JobRun run = JobRun.of("doctor", "--device", "cuda", "--json", file.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.out()).contains("libcudnn.so.9 (cuDNN 9)", "LD_LIBRARY_PATH", "FAILED");
    JsonNode report = new ObjectMapper().readTree(file.toFile());
    assertThat(report.get("ok").asBoolean()).isFalse();
    assertThat(check(report, "cuda libraries").asText()).isEqualTo("FAILED");
    assertThat(check(report, "session").asText()).isEqualTo("FAILED");
    assertThat(check(report, "model").asText()).isEqualTo("OK");
    assertThat(check(report, "tokenizer").asText()).isEqualTo("OK");
    assertThat(report.has("plan")).isFalse();
  }

  @Test
  void aModelThatIsNotThereIsAFindingAmongOthers() {
    JobRun run =
        JobRun.of("doctor", "--device", "cpu", "--model", directory.resolve("none").toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.out()).contains("model on driver", "none", "onnxruntime", "java");
  }

  @Test
  void takesTheFlagsAndTheFileOfARun() throws IOException {
    Path run =
        Files.writeString(
            directory.resolve("run.properties"), "mode = incremental\nid-col = id\ncanary = off\n");
    Path file = directory.resolve("doctor.json");
    List<String> flags = new ArrayList<>(List.of("doctor", "--config", run.toString()));
    flags.addAll(List.of("--sync-deletes", "--max-lost-tokens", "1%", "--output-type", "float"));
    flags.addAll(List.of("--device", "cpu", "--json", file.toString()));
    JobRun doctor = JobRun.of(flags.toArray(String[]::new));
    assertThat(doctor.exitCode()).as(doctor.out() + doctor.err()).isZero();
    assertThat(new ObjectMapper().readTree(file.toFile()).get("ok").asBoolean()).isTrue();

    assertThat(JobRun.of("doctor", "--max-lost-tokens", "much").exitCode())
        .isEqualTo(ExitCode.BAD_USAGE);
  }

  @Test
  void helpShowsWhatTheDoctorLooksAt() {
    assertThat(JobRun.of("doctor", "--help").out())
        .contains("--tokens-per-row", "--input", "--token-budget")
        .doesNotContain("--sync-deletes");
  }

  @Test
  void aWrongFlagIsBadUsage() {
    assertThat(JobRun.of("doctor", "--rows", "many").exitCode()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(JobRun.of("doctor", "--nonsense").exitCode()).isEqualTo(ExitCode.BAD_USAGE);
  }
}
