package io.embark.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples for schedulers, by the schedulers' own tools where these are installed. */
class SchedulesTest {
  private static final Path FOLDER = Path.of("jobs/schedules");

  @TempDir Path directory;

  private record Ended(int code, String output) {}

  private static Ended run(Path in, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command).directory(in.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), output);
  }

  private static void needs(String program) {
    boolean there =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    if (!there) {
      System.err.println("SKIPPED: " + program + " is not installed, a schedule goes unchecked");
    }
    assumeThat(there).as(program + " on the PATH").isTrue();
  }

  /** {@code nightly.sh} beside a job that ends with this code and says so. */
  private Path nightly(String job) throws IOException {
    Path schedules = Files.createDirectories(directory.resolve("jobs/schedules"));
    Path script = schedules.resolve("nightly.sh");
    if (!Files.exists(script)) {
      Files.copy(FOLDER.resolve("nightly.sh"), script);
      script.toFile().setExecutable(true);
    }
    Path embed = Files.writeString(directory.resolve("jobs/embed.sh"), "#!/bin/bash\n" + job);
    embed.toFile().setExecutable(true);
    return script;
  }

  @ParameterizedTest
  @CsvSource({
    "0, ''",
    "1, failed",
    "2, is wrong",
    "3, nothing was published",
    "4, some rows failed"
  })
  void cronHasMailToSendOnlyIfSomethingWentWrong(int code, String said) throws Exception {
    needs("flock");
    Path script = nightly("echo \"flags: $*\"; exit " + code);
    Path logs = directory.resolve("logs");

    Ended ended = run(directory, script.toString(), logs.toString(), "texts", "--mode", "append");

    assertThat(ended.code()).isEqualTo(code);
    if (code == 0) {
      assertThat(ended.output()).isEmpty();
    } else {
      assertThat(ended.output()).contains("exit code " + code, said, "flags: --mode append");
    }
    try (Stream<Path> files = Files.list(logs)) {
      assertThat(files.filter(file -> file.toString().endsWith(".log"))).hasSize(1);
    }
  }

  @Test
  void aSecondRunDoesNotStartWhileOneGoesOn() throws Exception {
    needs("flock");
    Path script = nightly("echo running");
    Path logs = Files.createDirectories(directory.resolve("logs"));

    Ended ended =
        run(
            directory,
            "flock",
            logs.resolve("texts.lock").toString(),
            script.toString(),
            logs.toString(),
            "texts");

    assertThat(ended.code()).isEqualTo(75);
    assertThat(ended.output()).contains("has not ended yet");
    assertThat(logs.toFile().list()).containsExactly("texts.lock");
  }

  @Test
  void theNewestThirtyLogsStay() throws Exception {
    needs("flock");
    Path script = nightly("exit 0");
    Path logs = Files.createDirectories(directory.resolve("logs"));
    for (int i = 10; i < 45; i++) {
      Files.writeString(logs.resolve("texts-202001%02dT000000Z.log".formatted(i)), "old");
    }
    Files.writeString(logs.resolve("texts-de-20200101T000000Z.log"), "another's");

    run(directory, script.toString(), logs.toString(), "texts");

    assertThat(logs.resolve("texts-20200115T000000Z.log")).doesNotExist();
    assertThat(logs.resolve("texts-20200116T000000Z.log")).exists();
    assertThat(logs.resolve("texts-de-20200101T000000Z.log")).exists();
    assertThat(logs.toFile().list((d, name) -> name.matches("texts-\\d+T.*log"))).hasSize(30);
  }

  @Test
  void cronTakesTheLine() throws IOException {
    List<String> lines =
        Files.readAllLines(FOLDER.resolve("crontab")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .toList();
    Pattern entry = Pattern.compile("(\\*|[0-9,/*-]+)( (\\*|[0-9,/*-]+)){4} /\\S+nightly\\.sh .*");
    assertThat(lines)
        .allMatch(line -> line.matches("[A-Z_]+=\\S+") || entry.matcher(line).matches());
    // To cron a bare percent sign is the end of the command.
    assertThat(lines.get(lines.size() - 1)).doesNotContainPattern("(?<!\\\\)%");
  }

  @Test
  void systemdTakesTheUnits() throws Exception {
    needs("systemd-analyze");
    for (String unit : List.of("embark.service", "embark.timer")) {
      String text = Files.readString(FOLDER.resolve(unit));
      Files.writeString(
          directory.resolve(unit), text.replace("/opt/embark/jobs/embed.sh", "/bin/true"));
    }
    Ended ended = run(directory, "systemd-analyze", "verify", "./embark.service", "./embark.timer");
    assertThat(ended.output()).isEmpty();
    assertThat(ended.code()).isZero();

    Path broken = directory.resolve("embark.service");
    Files.writeString(broken, Files.readString(broken).replace("Type=oneshot", "Type=once"));
    assertThat(run(directory, "systemd-analyze", "verify", "./embark.service").output())
        .contains("once");
  }

  /** With stand-ins for the few classes of Airflow that it uses. */
  @ParameterizedTest
  @CsvSource({
    "0, done",
    "1, AirflowException",
    "2, AirflowFailException",
    "3, AirflowFailException",
    "4, done",
    "137, AirflowException"
  })
  void airflowTriesAgainOnlyWhereThatHelps(int code, String outcome) throws Exception {
    needs("python3");
    String script =
        """
        import runpy, sys, types, logging
        from collections import namedtuple
        def module(name, **names):
            sys.modules[name] = types.ModuleType(name)
            vars(sys.modules[name]).update(names)
        class AirflowException(Exception): pass
        class AirflowFailException(AirflowException): pass
        class DAG:
            def __init__(self, **settings): assert settings["max_active_runs"] == 1
            def __enter__(self): return self
            def __exit__(self, *error): return False
        operators = []
        class BaseOperator:
            log = logging.getLogger()
            def __init__(self, *, task_id, execution_timeout): operators.append(self)
        class SubprocessHook:
            def run_command(self, command):
                assert command[0] == "/opt/embark/jobs/embed.sh" and "--mode" in command
                return namedtuple("SubprocessResult", "exit_code output")(int(sys.argv[2]), "")
        module("airflow", DAG=DAG)
        module("airflow.exceptions", AirflowException=AirflowException, AirflowFailException=AirflowFailException)
        module("airflow.hooks")
        module("airflow.hooks.subprocess", SubprocessHook=SubprocessHook)
        module("airflow.models")
        module("airflow.models.baseoperator", BaseOperator=BaseOperator)
        runpy.run_path(sys.argv[1])
        try:
            operators[0].execute({})
            print("outcome: done")
        except Exception as e:
            print("outcome: " + type(e).__name__)
        """;
    Ended ended =
        run(
            directory,
            "python3",
            "-c",
            script,
            FOLDER.resolve("airflow_embark.py").toAbsolutePath().toString(),
            Integer.toString(code));
    assertThat(ended.output()).contains("outcome: " + outcome + "\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"crontab", "embark.service", "airflow_embark.py"})
  void everyFlagIsOne(String file) throws IOException {
    String documented = Files.readString(Path.of("docs/configuration.md"));
    String text = Files.readString(FOLDER.resolve(file));
    List<String> flags =
        Pattern.compile("(?<=[\\s\"])--([a-z-]+)")
            .matcher(text.substring(text.indexOf("--input")))
            .results()
            .map((MatchResult found) -> found.group(1))
            .filter(flag -> !List.of("spark", "master", "deploy-mode").contains(flag))
            .toList();
    assertThat(flags).hasSizeGreaterThan(3);
    assertThat(flags).allSatisfy(flag -> assertThat(documented).contains("| `" + flag + "` |"));
  }
}
