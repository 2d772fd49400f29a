package io.embark.cli;

import io.embark.UserError;
import io.embark.notebook.JavaKernel;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The {@code kernel} command, which Jupyter starts as notebooks/install-kernel.sh tells it. */
@Command(
    name = "kernel",
    mixinStandardHelpOptions = true,
    description = "Runs the cells of a Jupyter notebook in Java, in the Spark driver's JVM.")
public final class KernelCommand implements Subcommand {
  @Parameters(paramLabel = "FILE", description = "Jupyter's connection file.")
  private Path connectionFile;

  @Override
  public Integer call() throws IOException {
    try {
      JavaKernel.serve(connectionFile, Main.version());
      return 0;
    } catch (NoClassDefFoundError e) {
      throw new UserError(
          "The kernel's libraries are missing (%s): they lie in notebooks/kernel/ of the distribution, and it needs a JDK, for JShell."
              .formatted(e.getMessage()),
          e);
    } finally {
      if (SparkSession.getDefaultSession().isDefined()) {
        SparkSession.getDefaultSession().get().stop();
      }
    }
  }
}
