package io.embark.cli.doctor;

import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.cli.Version;
import io.embark.embed.Setting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The {@code doctor}: whether every executor can do its work, how fast, and what to set. */
public final class DoctorCommand implements Callable<Integer> {
  private static final List<Setting<?>> SETTINGS = JobSettings.all(DoctorSettings.ALL);

  private CommandSpec spec;

  private DoctorCommand() {}

  /** The command, to be added to those of {@code Main}. */
  public static CommandLine commandLine() {
    DoctorCommand command = new DoctorCommand();
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    command.spec = spec;
    spec.mixinStandardHelpOptions(true);
    spec.version("Embark " + Version.of());
    spec.usageMessage()
        .description("Checks the driver and every executor, measures them, and plans a job.")
        .width(100)
        .sortOptions(false)
        .footer(
            "",
            "The other flags of jobs/embed.sh may stay as they are: their values are checked, no more.",
            "Exit code: 0 no check failed, 1 a check failed, 2 a flag or a setting is wrong.");
    JobSettings.addOptions(spec, SETTINGS, DoctorSettings.NOT_USED);
    return new CommandLine(spec).setOverwrittenOptionsAllowed(false);
  }

  @Override
  public Integer call() throws IOException {
    JobSettings settings = JobSettings.of(spec.commandLine().getParseResult(), SETTINGS);
    SparkSession spark =
        SparkSession.builder()
            .appName("embark doctor")
            // A task that names an executor waits for it rather than going elsewhere.
            .config("spark.locality.wait", "30s")
            .getOrCreate();
    try {
      DoctorReport report = new DoctorRun(spark, settings).call();
      if (settings.isSet(DoctorSettings.JSON)) {
        report.writeJson(Path.of(settings.get(DoctorSettings.JSON)));
      }
      new DoctorTable(report, spec.commandLine().getOut()).print();
      return report.failed() ? ExitCode.FAILED : 0;
    } finally {
      spark.stop();
    }
  }
}
