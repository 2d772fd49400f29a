package io.embark.cli.doctor;

import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** The {@code doctor}: checks every executor, measures how fast it is, and says what to set. */
@Command(
    name = "doctor",
    description = "Checks the driver and every executor, measures them, and plans a job.",
    footer = {
      "",
      "The other flags of jobs/embed.sh may stay as they are: their values are checked, no more.",
      "Exit code: 0 no check failed, 1 a check failed, 2 a flag or a setting is wrong."
    })
public final class DoctorCommand extends SettingsCommand {
  static final Setting<String> JSON =
      Setting.declare("json", "FILE", "none")
          .says("File on the driver to write the report to, as JSON")
          .text();

  static final Setting<Long> ROWS =
      Setting.declare("rows", "N", "those of the input")
          .says(
              "Rows to plan for; without an input they are taken to have as many tokens as"
                  + " tokens-per-row says")
          .parsed(text -> Setting.number(text, 1, 1_000_000_000_000L));

  static final Setting<Integer> TOKENS_PER_ROW =
      Setting.declare("tokens-per-row", "N", "those of the input, or 64")
          .says("Mean tokens of a row that the model will see")
          .number(1, 1_000_000);

  /** Settings that no other job has. */
  public static final List<Setting<?>> OWN = List.of(JSON, ROWS, TOKENS_PER_ROW);

  /** Settings of the embed job that the doctor reads. */
  private static final List<Setting<?>> OF_THE_RUN =
      List.of(
          EmbedSettings.INPUT,
          EmbedSettings.FORMAT,
          EmbedSettings.READ_OPTION,
          EmbedSettings.TEXT_COL,
          EmbedSettings.ID_COL,
          EmbedSettings.COLUMNS,
          EmbedSettings.OUTPUT);

  /**
   * Settings of the embed job that it does not: values are checked and go no further, so that flags
   * and the file of a run can be given as they are.
   */
  static final List<Setting<?>> NOT_USED =
      EmbedSettings.ALL.stream().filter(setting -> !OF_THE_RUN.contains(setting)).toList();

  static final List<Setting<?>> ALL =
      Stream.of(OWN, OF_THE_RUN, NOT_USED).<Setting<?>>flatMap(List::stream).toList();

  public DoctorCommand() {
    super(JobSettings.all(ALL), List.of(EmbedSettings.INPUT), NOT_USED);
  }

  @Override
  protected void configure(SparkSession.Builder session, JobSettings given) {
    // A task that names an executor waits for it rather than going elsewhere.
    session.config("spark.locality.wait", "30s");
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, Words out) throws IOException {
    DoctorReport report = new DoctorRun(spark, given).call();
    if (given.isSet(JSON)) {
      report.writeJson(Path.of(given.get(JSON)));
    }
    new DoctorTable(report, out).print();
    return report.failed() ? ExitCode.FAILED : 0;
  }
}
