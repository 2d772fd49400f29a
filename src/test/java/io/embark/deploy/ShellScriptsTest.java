package io.embark.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShellScriptsTest {

  /** Every script of the project. */
  private static List<Path> scripts() throws IOException {
    List<Path> scripts = new ArrayList<>(List.of(Path.of(".ci/run")));
    for (String folder : List.of("jobs", "conf", "notebooks")) {
      try (Stream<Path> files = Files.walk(Path.of(folder))) {
        files.filter(file -> file.toString().endsWith(".sh")).sorted().forEach(scripts::add);
      }
    }
    assertThat(scripts).hasSizeGreaterThan(3);
    return scripts;
  }

  @Test
  void shellcheckFindsNothing() throws Exception {
    Optional<Path> shellcheck = onPath("shellcheck");
    if (shellcheck.isEmpty()) {
      System.err.println("SKIPPED: shellcheck is not installed, the shell scripts go unchecked");
    }
    assumeThat(shellcheck).as("shellcheck on the PATH").isPresent();
    List<String> command = new ArrayList<>(List.of(shellcheck.get().toString()));
    scripts().forEach(script -> command.add(script.toString()));

    assertThat(output(command)).isEmpty();
  }

  /** A syntax error is found on every machine with a bash. */
  @Test
  void bashCanParseEveryScript() throws Exception {
    assumeThat(onPath("bash")).isPresent();
    for (Path script : scripts()) {
      assertThat(output(List.of("bash", "-n", script.toString()))).isEmpty();
      assertThat(Files.isExecutable(script)).as(script + " may be run").isTrue();
    }
  }

  /**
   * macOS comes with bash 3.2: no associative arrays, no mapfile, no ${x,,}, no empty "${a[@]}".
   */
  @Test
  void nothingNewerThanBash32IsUsed() throws IOException {
    for (Path script : scripts()) {
      assertThat(Files.readString(script))
          .as(script.toString())
          .doesNotContainPattern("(?m)^\\s*(mapfile|readarray|coproc)\\b")
          .doesNotContainPattern("\\b(declare|local|typeset) -[a-zA-Z]*[An]\\b")
          .doesNotContainPattern("\\$\\{\\w+(,,?|\\^\\^?)\\}")
          .doesNotContainPattern("(&>>|\\|&)");
    }
  }

  private static Optional<Path> onPath(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static String output(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return text;
  }
}
