package io.embark.cli;

import io.embark.UserError;
import io.embark.embed.Setting;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/** Base of the commands that work in a Spark session and take settings as flags or in a file. */
@Command(mixinStandardHelpOptions = true, usageHelpWidth = 100, sortOptions = false)
public abstract class SettingsCommand implements Subcommand {
  static final String CONFIG = "config";

  /**
   * By which calendar dates from before 1582 are written. Left alone, Spark refuses to write them;
   * what it reads, by today's calendar or by the old one if it is told so, is written as it is.
   */
  private static final List<String> CALENDARS =
      List.of(
          "spark.sql.parquet.datetimeRebaseModeInWrite",
          "spark.sql.parquet.int96RebaseModeInWrite");

  /** Place in help: behind what a command declares itself with the order 0. */
  private static final int AFTER_OWN = 1;

  private final List<Setting<?>> settings;
  private final List<Setting<?>> repeatable;
  private final List<Setting<?>> hidden;
  @Spec private CommandSpec spec;

  /**
   * A command with these settings, in the order in which help shows them.
   *
   * @param repeatable those whose flag adds up when it is given several times
   * @param hidden those that help does not show
   */
  protected SettingsCommand(
      List<Setting<?>> settings, List<Setting<?>> repeatable, List<Setting<?>> hidden) {
    this.settings = settings;
    this.repeatable = repeatable;
    this.hidden = hidden;
  }

  /** Refuses settings that do not go together, before a session is started. */
  protected void check(JobSettings given) {}

  /** Adds what the session needs; the last thing done before Spark starts. */
  protected void configure(SparkSession.Builder session, JobSettings given) {}

  /** Does the work, says so to people, and gives the exit code, see {@link ExitCode}. */
  protected abstract int run(SparkSession spark, JobSettings given, Words out) throws Exception;

  @Override
  public final CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(this).setOverwrittenOptionsAllowed(false);
    spec.version("Embark " + Main.version());
    addOptions(spec, settings, repeatable, hidden);
    return commandLine;
  }

  @Override
  public Integer call() throws Exception {
    JobSettings given = JobSettings.of(spec.commandLine().getParseResult(), settings);
    check(given);
    try (SparkSession spark = session(given)) {
      return run(spark, given, new Words(spec.commandLine().getOut()));
    }
  }

  private SparkSession session(JobSettings given) {
    SparkSession.Builder builder = SparkSession.builder().appName("embark " + spec.name());
    configure(builder, given);
    SparkConf users = new SparkConf();
    for (String calendar : CALENDARS) {
      if (!users.contains(calendar)) {
        builder.config(calendar, "CORRECTED");
      }
    }
    try {
      return builder.getOrCreate();
    } catch (IllegalArgumentException e) {
      if (e.getCause() instanceof UnknownHostException) {
        throw e;
      }
      // Spark's word for a setting of its own that it cannot read.
      throw new UserError("Spark does not start: " + e.getMessage(), e);
    }
  }

  static void addOptions(
      CommandSpec spec,
      List<Setting<?>> settings,
      List<Setting<?>> repeatable,
      List<Setting<?>> hidden) {
    for (Setting<?> setting : settings) {
      OptionSpec.Builder option =
          OptionSpec.builder("--" + setting.key())
              .order(AFTER_OWN)
              .hidden(hidden.contains(setting))
              .paramLabel(setting.argument())
              .description(
                  // Picocli formats it once more.
                  "%s. Default: %s."
                      .formatted(setting.description(), setting.defaultInWords())
                      .replace("%", "%%"));
      if (repeatable.contains(setting)) {
        option.arity("1..*").type(List.class).auxiliaryTypes(String.class);
      } else if (setting.argument().equals(Setting.SWITCH)) {
        // On with the bare flag; a file or a later change of mind may still say false.
        option.arity("0..1").fallbackValue("true").type(String.class);
      } else {
        option.type(String.class);
      }
      spec.addOption(option.build());
    }
    spec.addOption(
        OptionSpec.builder("--" + CONFIG)
            .order(AFTER_OWN)
            .paramLabel("FILE")
            .type(Path.class)
            .description(
                "Properties file with any of the settings above, named as here without --.")
            .build());
  }
}
