package io.embark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.embark.UserError;
import io.embark.testing.TinyModels;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;

class MainTest {
  @TempDir Path directory;

  @Test
  void everyCommandIsFound() {
    List<String> found =
        ServiceLoader.load(Subcommand.class).stream().map(p -> p.type().getName()).toList();
    List<String> all =
        new ClassFileImporter()
            .importPackages("io.embark.cli").stream()
                .filter(c -> c.isAnnotatedWith(Command.class) && !isAbstract(c))
                .map(JavaClass::getName)
                .toList();
    assertThat(found).containsExactlyInAnyOrderElementsOf(all);
  }

  private static boolean isAbstract(JavaClass type) {
    return Modifier.isAbstract(type.reflect().getModifiers());
  }

  @Test
  void helpShowsThemInTheOrderOfUse() {
    JobRun run = JobRun.of("--help");
    assertThat(run.exitCode()).isZero();
    List<String> names =
        run.out()
            .lines()
            .dropWhile(line -> !line.equals("Commands:"))
            .filter(line -> line.matches("  \\w.*"))
            .map(line -> line.strip().split(" ")[0])
            .toList();
    assertThat(names)
        .containsExactly("embed", "compare", "search", "cluster", "doctor", "inspect", "kernel");
  }

  @Test
  void aHostThatNobodyKnowsIsNoBadUsage() {
    JobRun run =
        JobRun.embed("--input", "hdfs://nosuchhost.invalid/x", "--output", directory.resolve("o"));
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.FAILED);
    assertThat(run.error()).contains("nosuchhost.invalid");
  }

  @ParameterizedTest
  @ValueSource(strings = {":", "", "what:ever", "file://relative/x", "foo://y/x.jsonl"})
  void whatIsNoPathIsBadUsage(String text) {
    JobRun input = JobRun.embed("--input", text, "--output", directory.resolve("o"));
    assertThat(input.exitCode()).as(input.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(input.error()).contains("Error: input: ").contains("wanted ").endsWith(".");
    Path texts = directory.resolve("in.txt");
    TinyModels.writeFiles(directory, Map.of("in.txt", "a text\n"));
    JobRun output = JobRun.embed("--input", texts, "--output", text);
    assertThat(output.exitCode()).as(output.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(output.error()).contains("Error: output: ").contains("wanted ").endsWith(".");
  }

  @Test
  void whatSparkOrHadoopWouldTakeForSomethingElseIsBadUsage() {
    TinyModels.writeFiles(directory, Map.of("in.txt", "a text\n"));
    JobRun glob = JobRun.embed("--input", directory.resolve("["), "--output", "o");
    assertThat(glob.exitCode()).as(glob.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(glob.error()).contains("input: found ", "wanted a glob");
    JobRun table =
        JobRun.of("search", "--input", directory.resolve("[").toString(), "--query", "x");
    assertThat(table.exitCode()).as(table.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(table.error()).contains("input: nothing at ", "/[");
    JobRun mode =
        JobRun.embed(
            "--input", directory.resolve("in.txt"), "--output", "o", "--read-option", "mode=XYZ");
    assertThat(mode.exitCode()).as(mode.err()).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(mode.error()).contains("mode=XYZ", "FAILFAST, PERMISSIVE, DROPMALFORMED");
  }

  @Test
  void aBugIsNoBadUsage() {
    Stream.of(
            new IllegalArgumentException("requirement failed"),
            new IllegalStateException(new UserError("said elsewhere")),
            new NumberFormatException("x"))
        .forEach(e -> assertThat(ExitCode.of(e)).as(e.toString()).isEqualTo(ExitCode.FAILED));
  }

  @Test
  void whatTheUserCanMendIsBadUsage() {
    SparkException malformed = new SparkException("Malformed records are detected.");
    Stream.of(new UserError("no such column"), malformed, new SparkException("failed", malformed))
        .forEach(e -> assertThat(ExitCode.of(e)).as(e.toString()).isEqualTo(ExitCode.BAD_USAGE));
  }
}
