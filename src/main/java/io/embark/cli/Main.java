package io.embark.cli;

import io.embark.UserError;
import io.embark.input.gate.ChangedInput;
import io.embark.input.gate.UnreadableInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutionException;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FSError;
import org.apache.spark.SparkException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExitCodeGenerator;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The entry point of every job: {@code Main embed --input ...}. */
public final class Main {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  /** Characters of a message before its reason. */
  private static final int LONG = 500;

  /** What local disks, quotas, and HDFS say of a full disk. */
  private static final Pattern FULL =
      Pattern.compile(
          "No space left on device|Disk quota exceeded|There is not enough space on the disk"
              + "|DSQuotaExceededException|DiskOutOfSpaceException");

  /** Where Spark writes what is not output. */
  private static final Pattern LOCAL =
      Pattern.compile("org\\.apache\\.spark\\.(shuffle|storage)\\.|/blockmgr-|/spark-local");

  /** Lines of a stack that tell who was writing. */
  private static final int FRAMES = 20;

  private static final Pattern HOST = Pattern.compile("\\(TID \\d+\\) \\(([^ )]+) executor ");

  private Main() {}

  /** Embark's version, as the build wrote it, such as {@code 0.1.0}. */
  public static String version() {
    try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

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
    spec.version("Embark " + version());
    spec.mixinStandardHelpOptions(true);
    for (Subcommand found : ServiceLoader.load(Subcommand.class, Main.class.getClassLoader())) {
      CommandLine command = found.commandLine();
      spec.addSubcommand(command.getCommandName(), command);
    }
    CommandLine commandLine = new CommandLine(spec);
    commandLine.setExecutionStrategy(
        parsed -> {
          if (parsed.subcommand() == null
              && !parsed.isUsageHelpRequested()
              && !parsed.isVersionHelpRequested()) {
            throw new ParameterException(commandLine, "A command is missing.");
          }
          try {
            return new CommandLine.RunLast().execute(parsed);
          } catch (FSError e) {
            // An error where an exception would do: Hadoop's way to tell of a full local disk.
            throw new CommandLine.ExecutionException(
                commandLine, e.getMessage(), e.getCause() instanceof IOException io ? io : e);
          }
        });
    commandLine.setParameterExceptionHandler((e, arguments) -> badUsage(e));
    commandLine.setExecutionExceptionHandler((e, command, parsed) -> report(e, command));
    return commandLine.execute(args);
  }

  private static int badUsage(ParameterException e) {
    PrintWriter err = e.getCommandLine().getErr();
    err.println(e.getCommandLine().getColorScheme().errorText(e.getMessage()));
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.BAD_USAGE;
  }

  private static int report(Exception e, CommandLine command) {
    String said = ExitCode.saysTwice(e).map(Main::twice).orElseGet(() -> message(e));
    String text = "Error: " + said + fullDisk(e, command);
    command.getErr().println(command.getColorScheme().errorText(text));
    if (e instanceof UserError || e instanceof IExitCodeGenerator) {
      LOG.debug("Refused", e);
    } else {
      LOG.error("The job failed", e);
    }
    return ExitCode.of(e);
  }

  private static String twice(String column) {
    return ("input: the column %s is there twice, or another differs from it in capital letters only."
            + " Rename one, or have Spark tell them apart: --spark --conf"
            + " spark.sql.caseSensitive=true")
        .formatted(column);
  }

  /** What Embark or a reader said, out of the layers that Spark wraps around it. */
  private static String message(Throwable e) {
    Throwable said = e;
    while (isWrapper(said) && said.getCause() != null) {
      said = said.getCause();
    }
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnreadableInput || cause instanceof ChangedInput) {
        return cause.getMessage();
      }
    }
    String text = said.getMessage() == null ? said.toString() : said.getMessage();
    Throwable reason = said;
    while (reason.getCause() != null) {
      reason = reason.getCause();
    }
    // Spark knows the record or file, and the parser or disk below it what is wrong with it.
    boolean hidden =
        saysWhere(said)
            || reason instanceof IOException
                && reason.getMessage() != null
                && !text.contains(reason.getMessage());
    if (reason == said || !hidden) {
      return text;
    }
    // Parquet says of a full disk what it was about to write, on a page.
    String beginning = text.length() <= LONG ? text : text.substring(0, LONG) + "...:";
    return beginning + " " + reason.getMessage();
  }

  /** Names the disk and the way out if a full one is among the causes; else empty. */
  private static String fullDisk(Throwable e, CommandLine command) {
    StringBuilder all = new StringBuilder();
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      // What an executor threw comes as text, with its stack.
      all.append(cause).append('\n');
      for (StackTraceElement frame : cause.getStackTrace()) {
        all.append(frame).append('\n');
      }
    }
    Optional<MatchResult> last = FULL.matcher(all).results().reduce((before, next) -> next);
    // Whoever names EMBARK_CACHE has said which disk it is, and how to go on.
    if (last.isEmpty() || all.indexOf("EMBARK_CACHE") >= 0) {
      return "";
    }
    String rest = all.substring(last.get().start());
    String writing = rest.lines().limit(FRAMES).collect(Collectors.joining("\n"));
    Matcher host = HOST.matcher(all);
    return " The disk of %s is full%s. Free some space and run the same command again; an embed job goes on from the slices that are done."
        .formatted(
            LOCAL.matcher(writing).find()
                ? "spark.local.dir, where Spark keeps shuffles and what does not fit into memory,"
                : output(command),
            host.find() ? " on " + host.group(1) : "");
  }

  /** The output, by its path if a flag named it; what is staged lies in it too. */
  private static String output(CommandLine command) {
    ParseResult parsed = command.getParseResult();
    Object path = parsed == null ? null : parsed.matchedOptionValue("output", null);
    return path == null ? "the output" : "the output " + path + " (what is staged lies there too)";
  }

  private static boolean isWrapper(Throwable e) {
    return e instanceof ExecutionException || e instanceof SparkException && !saysWhere(e);
  }

  private static boolean saysWhere(Throwable e) {
    return e instanceof SparkException
        && e.getMessage() != null
        && (ExitCode.saysMalformed(e)
            || e.getMessage().startsWith("[FAILED_READ_FILE")
            || e.getMessage().startsWith("Encountered error while reading file"));
  }
}
