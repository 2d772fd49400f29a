package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.embed.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** The {@code cluster} job: groups the rows of an embedded table. */
@Command(
    name = "cluster",
    description = "Groups the rows of an embedded table, and tells what each group is about.",
    footer = {"", "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong."})
public final class ClusterCommand extends SettingsCommand {
  public ClusterCommand() {
    super(ClusterSettings.ALL);
  }

  @Override
  protected void check(JobSettings given) {
    for (Setting<String> needed : List.of(ClusterSettings.INPUT, ClusterSettings.OUTPUT)) {
      if (!given.isSet(needed)) {
        throw new UserError(
            "%s: missing; give it with --%s URI.".formatted(needed.key(), needed.key()));
      }
    }
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, PrintWriter out) throws IOException {
    new ClusterRun(spark, given, out).call();
    return 0;
  }
}
