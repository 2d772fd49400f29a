package io.embark.cli.analysis;

import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** The {@code compare} job: which pooling serves the user's own texts best. */
@Command(
    name = "compare",
    description =
        "Embeds texts once with every pooling that the model allows, and measures which serves"
            + " best: on pairs with scores, on labels, or by how the vectors lie.",
    footer = {
      "",
      "Without --input and --pairs it compares on the shipped sample.",
      "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong."
    })
public final class CompareCommand extends SettingsCommand {
  public CompareCommand() {
    super(JobSettings.all(CompareSettings.ALL));
  }

  @Override
  protected List<Setting<?>> repeatable() {
    return List.of(EmbedSettings.INPUT);
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, PrintWriter out) throws IOException {
    new CompareRun(spark, given, out).call();
    return 0;
  }
}
