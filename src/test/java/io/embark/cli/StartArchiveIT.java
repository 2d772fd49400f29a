package io.embark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code jobs/start-archive.sh} and the jobs after it, with the Spark that Embark ships. */
class StartArchiveIT {
  private static final String USED = "-XX:SharedArchiveFile=";

  @TempDir Path directory;
  private final Path home = Path.of(System.getProperty("embark.dist")).toAbsolutePath();
  private Path archives;
  private final Map<String, String> environment = new HashMap<>();

  private record Ended(int exitCode, List<String> out, String err) {}

  @BeforeEach
  void lay() throws IOException {
    archives = directory.resolve("my archives");
    environment.put("EMBARK_START_ARCHIVES", archives.toString());
    // Prints what it was told and writes a file that is no archive; only Spark's launcher is real.
    Path java = Files.createDirectories(directory.resolve("jdk/bin")).resolve("java");
    Files.writeString(
        java,
        """
        #!/bin/sh
        case " $* " in *launcher.Main*|*" -version "*) exec '%s/bin/java' "$@" ;; esac
        for a in "$@"; do
          case "$a" in -XX:ArchiveClassesAtExit=*) echo junk >"${a#*=}" ;; esac
        done
        printf '%%s\\n' "$@"
        """
            .formatted(System.getProperty("java.home")));
    assertThat(java.toFile().setExecutable(true)).isTrue();
    environment.put("JAVA_HOME", directory.resolve("jdk").toString());
  }

  private void realJava() {
    environment.put("JAVA_HOME", System.getProperty("java.home"));
  }

  @Test
  void laterJobsUseTheArchiveWithTheFolderOfSettingsLast() throws Exception {
    assertThat(run("embed.sh").out).noneMatch(told -> told.startsWith(USED));
    assertThat(run("start-archive.sh").exitCode).isZero();
    List<String> told = run("embed.sh").out;
    assertThat(told).contains(USED + archive());
    assertThat(told.get(told.indexOf("-cp") + 1))
        .isEqualTo("%s/lib/*:%s/spark/jars/*:%s/conf/".formatted(home, home, home));
    // Once more takes the place of the first.
    run("start-archive.sh");
    assertThat(archive()).exists();
  }

  @Test
  void anArchiveThatWasCutOffIsNotUsed() throws Exception {
    run("start-archive.sh");
    Files.writeString(archive(), "j", StandardOpenOption.TRUNCATE_EXISTING);
    assertThat(run("embed.sh").out).isNotEmpty().noneMatch(told -> told.startsWith(USED));
  }

  @Test
  void anArchiveThatJavaCannotUseChangesNothing() throws Exception {
    run("start-archive.sh");
    realJava();
    Ended with = run("embed.sh", "--input", "/nowhere", "--output", "/nowhere", "--device", "cpu");
    environment.put("EMBARK_START_ARCHIVES", "");
    Ended without =
        run("embed.sh", "--input", "/nowhere", "--output", "/nowhere", "--device", "cpu");
    assertThat(with.exitCode).isEqualTo(2);
    assertThat(with).isEqualTo(without);
  }

  @Test
  void notWithAgentsOtherClassPathsOrWhenTurnedOff() throws Exception {
    run("start-archive.sh");
    String options = "--driver-java-options";
    for (String[] flags :
        new String[][] {
          {options, "-javaagent:/agent.jar"},
          {options, "-XX:StartFlightRecording=filename=/tmp/a.jfr"},
          {options, "-XX:SharedArchiveFile=/mine.jsa"},
          {"--driver-class-path", "/mine.jar"}
        }) {
      assertThat(run("embed.sh", "--spark", flags[0], flags[1]).out)
          .as(flags[1])
          .isNotEmpty()
          .noneMatch(told -> told.startsWith(USED + archives));
    }
    environment.put("JDK_JAVA_OPTIONS", "-XX:FlightRecorderOptions=stackdepth=64");
    assertThat(run("embed.sh").out).isNotEmpty().noneMatch(told -> told.startsWith(USED));
    environment.remove("JDK_JAVA_OPTIONS");
    environment.put("EMBARK_START_ARCHIVES", "");
    assertThat(run("embed.sh").out).isNotEmpty().noneMatch(told -> told.startsWith(USED));
  }

  @Test
  void inOneJvmTheCoresAreLeftToTheModelAndUsersChooseTheirCollector() throws Exception {
    String collector = "-XX:+UseParallelGC";
    String compiler = "-XX:Tier4InvocationThreshold=50000";
    assertThat(run("embed.sh").out).contains(collector, compiler);
    String serial = "-XX:+UseSerialGC";
    assertThat(run("embed.sh", "--spark", "--driver-java-options", serial).out)
        .contains(serial, compiler)
        .doesNotContain(collector);
    assertThat(run("embed.sh", "--spark", "--conf", "spark.driver.extraJavaOptions=" + serial).out)
        .contains(serial, compiler)
        .doesNotContain(collector);
    environment.put("JAVA_TOOL_OPTIONS", serial);
    assertThat(run("embed.sh").out).contains(compiler).doesNotContain(collector);
    environment.remove("JAVA_TOOL_OPTIONS");
    assertThat(run("embed.sh", "--spark", "--master", "spark://host:7077").out)
        .isNotEmpty()
        .doesNotContain(collector, compiler);
    // The user's come last, and win.
    String mine = "-XX:Tier4InvocationThreshold=5000";
    List<String> told = run("embed.sh", "--spark", "--driver-java-options", mine).out;
    assertThat(told.indexOf(mine)).isGreaterThan(told.indexOf(compiler));
  }

  /** With a real one: that it is written at all, and that the class path of jobs is its own. */
  @Test
  void javaTakesWhatItWrote() throws Exception {
    realJava();
    Ended made = run("start-archive.sh");
    assertThat(made.exitCode).as(made.err).isZero();
    List<String> command =
        List.of(
            System.getProperty("java.home") + "/bin/java",
            // Ends with 1 where the archive cannot be used.
            "-Xshare:on",
            USED + archive(),
            "-cp",
            "%s/lib/*:%s/spark/jars/*:%s/conf/".formatted(home, home, home),
            Main.class.getName(),
            "--version");
    Ended version = run(command);
    assertThat(version.exitCode).as(version.toString()).isZero();
    assertThat(version.out).hasSize(1);
  }

  /** The one file there is. */
  private Path archive() throws IOException {
    try (Stream<Path> files = Files.list(archives)) {
      List<Path> found = files.toList();
      assertThat(found).hasSize(1);
      return found.get(0);
    }
  }

  private Ended run(String script, String... args) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(home.resolve("jobs").resolve(script).toString()));
    command.addAll(List.of(args));
    return run(command);
  }

  private Ended run(List<String> command) throws Exception {
    Path out = Files.createTempFile(directory, "out", "");
    Path err = Files.createTempFile(directory, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(k -> k.matches("(SPARK|EMBARK)_.*|MASTER|.*JAVA.*"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new AssertionError(command + " still ran after 5 min:\n" + Files.readString(err));
    }
    return new Ended(process.exitValue(), Files.readAllLines(out), Files.readString(err));
  }
}
