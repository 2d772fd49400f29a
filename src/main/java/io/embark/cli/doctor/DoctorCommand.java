package io.embark.cli.doctor;

import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
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
  public DoctorCommand() {
    super(JobSettings.all(DoctorSettings.ALL));
  }

  @Override
  protected List<Setting<?>> repeatable() {
    return List.of(EmbedSettings.INPUT);
  }

  @Override
  protected List<Setting<?>> hidden() {
    return DoctorSettings.NOT_USED;
  }

  @Override
  protected void configure(SparkSession.Builder session, JobSettings given) {
    // A task that names an executor waits for it rather than going elsewhere.
    session.config("spark.locality.wait", "30s");
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, PrintWriter out) throws IOException {
    DoctorReport report = new DoctorRun(spark, given).call();
    if (given.isSet(DoctorSettings.JSON)) {
      report.writeJson(Path.of(given.get(DoctorSettings.JSON)));
    }
    new DoctorTable(report, out).print();
    return report.failed() ? ExitCode.FAILED : 0;
  }
}
