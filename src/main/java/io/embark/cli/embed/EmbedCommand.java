package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.spark.executor.EarlyEmbedder;
import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** The {@code embed} job: reads texts, embeds them, writes Parquet, says what came of it. */
@Command(
    name = "embed",
    description = "Embeds a column of texts and writes the vectors as Parquet.",
    footer = {
      "",
      "Flags win over the file given with --config, which wins over the defaults.",
      "Exit code: 0 done (also when there was nothing to do), 1 failed, 2 a flag, a setting or the"
          + " input is wrong, 3 a limit was passed and nothing published, 4 published, but some rows"
          + " failed."
    })
public final class EmbedCommand extends SettingsCommand {
  public EmbedCommand() {
    super(JobSettings.all(EmbedSettings.ALL), List.of(EmbedSettings.INPUT), List.of());
  }

  @Override
  protected void check(JobSettings given) {
    boolean input = given.isSet(EmbedSettings.INPUT);
    boolean table = given.isSet(EmbedSettings.TABLE);
    if (table && (!input || given.isSet(EmbedSettings.OUTPUT))) {
      throw new UserError(
          "table: needs --input, and stands instead of --output; give one of the two.");
    }
    if (input && !table && !given.isSet(EmbedSettings.OUTPUT)) {
      throw new UserError("output: missing; say where to write with --output URI.");
    }
    if (given.get(EmbedSettings.EVOLVE_SCHEMA) && EmbedPlan.mode(given) != SaveMode.INCREMENTAL) {
      throw new UserError(
          "evolve-schema: needs --mode incremental, which writes earlier files anew with the column; found --mode %s."
              .formatted(EmbedPlan.mode(given).label()));
    }
  }

  @Override
  protected void configure(SparkSession.Builder session, JobSettings given) {
    EarlyEmbedder.start(given::embedderConfig);
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, Words out)
      throws IOException, InterruptedException {
    return new EmbedRun(spark, given, out).call();
  }

  @Override
  public Integer call() throws Exception {
    try {
      return super.call();
    } finally {
      EarlyEmbedder.abandon();
    }
  }
}
