package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.Version;
import io.embark.embed.Setting;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The {@code cluster} job: groups the rows of an embedded table. */
public final class ClusterCommand implements Callable<Integer> {
  private CommandSpec spec;

  private ClusterCommand() {}

  public static CommandLine commandLine() {
    ClusterCommand command = new ClusterCommand();
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    command.spec = spec;
    spec.mixinStandardHelpOptions(true);
    spec.version("Embark " + Version.of());
    spec.usageMessage()
        .description("Groups the rows of an embedded table, and tells what each group is about.")
        .width(100)
        .sortOptions(false)
        .footer("", "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong.");
    JobSettings.addOptions(spec, ClusterSettings.ALL);
    return new CommandLine(spec).setOverwrittenOptionsAllowed(false);
  }

  @Override
  public Integer call() throws IOException {
    JobSettings settings = JobSettings.of(spec.commandLine().getParseResult(), ClusterSettings.ALL);
    for (Setting<String> needed : List.of(ClusterSettings.INPUT, ClusterSettings.OUTPUT)) {
      if (!settings.isSet(needed)) {
        throw new UserError(
            "%s: missing; give it with --%s URI.".formatted(needed.key(), needed.key()));
      }
    }
    SparkSession spark = SparkSession.builder().appName("embark cluster").getOrCreate();
    try {
      new ClusterRun(spark, settings, spec.commandLine().getOut()).call();
      return 0;
    } finally {
      spark.stop();
    }
  }
}
