package io.embark.cli;

import io.embark.spark.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

  /** The line that begins {@code Error:}, or all of standard error if there is none. */
  public String error() {
    return err.lines().filter(l -> l.contains("Error: ")).findFirst().orElse(err);
  }
}
