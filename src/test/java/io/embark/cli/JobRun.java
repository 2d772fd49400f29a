package io.embark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.testing.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A command run in this JVM on {@code local[2]}.
 *
 * @param exitCode what the shell would see
 * @param out standard output
 * @param err standard error, without the log
 */
public record JobRun(int exitCode, String out, String err) {

  public static JobRun of(String... args) {
    LocalSpark.session();
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try (PrintStream toOut = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream toErr = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      System.setOut(toOut);
      System.setErr(toErr);
      int exitCode = Main.run(args);
      return new JobRun(
          exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(outBefore);
      System.setErr(errBefore);
    }
  }

  /** {@code embed} with these flags, on the CPU, without a preview. */
  public static JobRun embed(Object... flags) {
    List<String> args = new ArrayList<>(List.of("embed", "--device", "cpu", "--preview", "0"));
    Arrays.stream(flags).map(Object::toString).forEach(args::add);
    return of(args.toArray(String[]::new));
  }

  /** {@link #embed(Object...)} with flags that all runs of a test have, and more. */
  public static JobRun embed(List<?> shared, Object... flags) {
    return embed(Stream.concat(shared.stream(), Stream.of(flags)).toArray());
  }

  public JobRun assertDone() {
    assertThat(exitCode).as(err).isZero();
    return this;
  }

  /** Asserts that the command ended as on a user's mistake, with these parts in its error. */
  public void assertRefused(String... parts) {
    assertThat(exitCode).as(out + err).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(error()).contains(parts);
  }

  /** The records of the runs that wrote a table, by name. */
  public static List<JsonNode> manifests(Path table) throws IOException {
    List<JsonNode> manifests = new ArrayList<>();
    try (Stream<Path> files = Files.list(table.resolve("_embark"))) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith("run-")).sorted().toList()) {
        manifests.add(new ObjectMapper().readTree(file.toFile()));
      }
    }
    return manifests;
  }

  /** The line that begins {@code Error:}, or all of standard error if there is none. */
  public String error() {
    return err.lines().filter(l -> l.contains("Error: ")).findFirst().orElse(err);
  }
}
