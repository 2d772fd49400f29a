package io.embark.job;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The entry point of every job: {@code Main embed --input ...}. */
public final class Main {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  /** Exit code: something went wrong while working. */
  static final int FAILED = 1;

  /** Exit code: the command line, a setting or the input is not as it must be. */
  static final int BAD_USAGE = 2;

  private Main() {}

  public static void main(String[] args) {
    int exitCode = run(args);
    // On success the JVM ends by itself: cluster managers read an early exit as a lost driver.
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  /** Runs one command and gives its exit code. */
  static int run(String... args) {
    CommandSpec spec = CommandSpec.create().name("embark");
    spec.usageMessage()
        .description("BERT sentence embeddings as Apache Spark jobs: text in, vectors out.");
    spec.version("Embark " + Version.of());
    spec.mixinStandardHelpOptions(true);
    spec.addSubcommand("embed", EmbedCommand.commandLine());
    spec.addSubcommand(
        "bench", new CommandLine(new BenchCommand()).setCaseInsensitiveEnumValuesAllowed(true));
    CommandLine commandLine = new CommandLine(spec);
    commandLine.setExecutionStrategy(
        parsed -> {
          if (parsed.subcommand() == null
              && !parsed.isUsageHelpRequested()
              && !parsed.isVersionHelpRequested()) {
            commandLine.usage(commandLine.getErr());
            return BAD_USAGE;
          }
          return new CommandLine.RunLast().execute(parsed);
        });
    commandLine.setExecutionExceptionHandler((e, command, parsed) -> report(e, command));
    return commandLine.execute(args);
  }

  private static int report(Exception e, CommandLine command) {
    command.getErr().println(command.getColorScheme().errorText("Error: " + message(e)));
    if (e instanceof IllegalArgumentException) {
      LOG.debug("Bad usage", e);
      return BAD_USAGE;
    }
    LOG.error("The job failed", e);
    return FAILED;
  }

  /** The innermost message: Spark wraps what a task said into several layers. */
  private static String message(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null && cause.getCause().getMessage() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
