package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.ExitCode;
import io.embark.cli.JobRun;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuStageFlagTest {

  @Test
  void whereSparkCannotScheduleByStageTheRunEndsBeforeItBegins(@TempDir Path directory)
      throws IOException {
    Path input = Files.writeString(directory.resolve("texts.jsonl"), "{\"text\": \"a\"}\n");
    Path output = directory.resolve("vectors");
    Path model = TinyModels.graph().writeDirectory(directory.resolve("model"));

    JobRun run =
        JobRun.embed("--input", input, "--output", output, "--model", model, "--gpu-stage", "4");

    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(run.error()).contains("gpu-stage", "local[2]", "leave gpu-stage out");
    assertThat(output).doesNotExist();
  }
}
