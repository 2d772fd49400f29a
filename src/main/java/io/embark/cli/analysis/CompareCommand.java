package io.embark.cli.analysis;

import io.embark.cli.JobSettings;
import io.embark.cli.Version;
import io.embark.embed.Setting;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** {@code compare}: which pooling serves the user's own texts best. */
public final class CompareCommand implements Callable<Integer> {
  private static final List<Setting<?>> SETTINGS = JobSettings.all(CompareSettings.ALL);

  private CommandSpec spec;

  private CompareCommand() {}

  public static CommandLine commandLine() {
    CompareCommand command = new CompareCommand();
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    command.spec = spec;
    spec.mixinStandardHelpOptions(true);
    spec.version("Embark " + Version.of());
    spec.usageMessage()
        .description(
            "Embeds texts once with every pooling that the model allows, and measures which serves"
                + " best: on pairs with scores, on labels, or by how the vectors lie.")
        .width(100)
        .sortOptions(false)
        .footer(
            "",
            "Without --input and --pairs it compares on the shipped sample.",
            "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong.");
    JobSettings.addOptions(spec, SETTINGS);
    return new CommandLine(spec).setOverwrittenOptionsAllowed(false);
  }

  @Override
  public Integer call() throws IOException {
    JobSettings settings = JobSettings.of(spec.commandLine().getParseResult(), SETTINGS);
    SparkSession spark = SparkSession.builder().appName("embark compare").getOrCreate();
    try {
      new CompareRun(spark, settings, spec.commandLine().getOut()).call();
      return 0;
    } finally {
      spark.stop();
    }
  }
}
