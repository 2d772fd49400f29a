package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.Version;
import io.embark.embed.Setting;
import io.embark.spark.executor.EarlyEmbedder;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The {@code embed} job: reads texts, embeds them, writes Parquet, says what came of it. */
public final class EmbedCommand implements Callable<Integer> {
  private static final List<Setting<?>> SETTINGS = JobSettings.all(EmbedSettings.ALL);

  private CommandSpec spec;

  private EmbedCommand() {}

  /** The command, to be added to those of {@code Main}. */
  public static CommandLine commandLine() {
    EmbedCommand command = new EmbedCommand();
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    command.spec = spec;
    spec.mixinStandardHelpOptions(true);
    spec.version("Embark " + Version.of());
    spec.usageMessage()
        .description("Embeds a column of texts and writes the vectors as Parquet.")
        .width(100)
        .sortOptions(false)
        .footer(
            "",
            "Flags win over the file given with --config, which wins over the defaults.",
            "Exit code: 0 done (also when there was nothing to do), 1 failed, 2 a flag, a setting or"
                + " the input is wrong, 3 a limit was passed and nothing published, 4 published, but"
                + " some rows failed.");
    JobSettings.addOptions(spec, SETTINGS);
    return new CommandLine(spec).setOverwrittenOptionsAllowed(false);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    JobSettings settings = JobSettings.of(spec.commandLine().getParseResult(), SETTINGS);
    boolean sample = !settings.isSet(EmbedSettings.INPUT);
    boolean table = settings.isSet(EmbedSettings.TABLE);
    if (table && (sample || settings.isSet(EmbedSettings.OUTPUT))) {
      throw new UserError(
          "table: needs --input, and stands instead of --output; give one of the two.");
    }
    if (!sample && !table && !settings.isSet(EmbedSettings.OUTPUT)) {
      throw new UserError("output: missing; say where to write with --output URI.");
    }
    EarlyEmbedder.start(settings::embedderConfig);
    try {
      SparkSession spark = SparkSession.builder().appName("embark embed").getOrCreate();
      try {
        return new EmbedRun(spark, settings, sample, spec.commandLine().getOut()).call();
      } finally {
        spark.stop();
      }
    } finally {
      EarlyEmbedder.abandon();
    }
  }
}
