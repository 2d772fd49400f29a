package io.embark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.table.Embark;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scheduler sees: exit codes of the script itself, see docs/schedules.md. */
class ExitCodesIT {
  @TempDir Path directory;

  private Run embed(String name, String... flags) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("embark.dist"), "jobs", "embed.sh").toString());
    command.addAll(List.of(flags));
    command.addAll(List.of("--device", "cpu", "--preview", "0"));
    command.addAll(List.of("--spark", "--master", "local[2]"));
    command.addAll(List.of("--conf", "spark.ui.enabled=false"));
    Map<String, String> environment = Map.of("JAVA_HOME", System.getProperty("java.home"));
    try (TestJvm run = new TestJvm(name, command, environment, directory)) {
      return run.awaitEnd(Duration.ofMinutes(2));
    }
  }

  private static void require(Run run, int exitCode) {
    assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(exitCode);
  }

  @Test
  void eachCodeIsWhatTheTableSays() throws IOException {
    Path model =
        TinyModels.graph()
            .hiddenSize(4)
            .failingFromId(3000)
            .writeDirectory(directory.resolve("fails-on-hello"));
    Path input =
        Files.writeString(
            directory.resolve("in.jsonl"),
            "{\"id\": 1, \"text\": \"a b\"}\n{\"id\": 2, \"text\": \"hello\"}\n");
    String output = directory.resolve("out").toString();
    List<String> flags = new ArrayList<>(List.of("--model", model.toString(), "--canary", "off"));
    flags.addAll(List.of("--input", input.toString(), "--output", output));
    flags.addAll(List.of("--mode", "incremental", "--id-col", "id", "--on-row-error", "null"));

    require(embed("bad-flag", "--no-such-flag"), 2);
    require(embed("no-input", "--input", "/no/such/file.jsonl", "--output", output), 2);

    require(embed("gate", with(flags, "--max-failed-rows", "0")), 3);
    assertThat(Path.of(output, "_SUCCESS")).doesNotExist();

    Run partial = embed("partial", with(flags));
    require(partial, 4);
    assertThat(partial.out()).contains("2 rows, 1 FAILED");
    assertThat(Embark.read(LocalSpark.session(), output).count()).isEqualTo(2);

    Run nothing = embed("nothing", with(flags, "--retry-failed", "false"));
    require(nothing, 0);
    assertThat(nothing.out()).contains("Nothing to do");
  }

  private static String[] with(List<String> flags, String... more) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
