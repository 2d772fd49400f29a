package io.embark.cli;

import io.embark.UserError;
import io.embark.input.gate.UnreadableInput;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.apache.spark.sql.AnalysisException;
import picocli.CommandLine.IExitCodeGenerator;
import picocli.CommandLine.ParameterException;

/** Exit codes of the jobs; 0 is success. */
public final class ExitCode {
  /** Something went wrong while working. */
  public static final int FAILED = 1;

  /** The command line, a setting or the input is not as it must be. */
  public static final int BAD_USAGE = 2;

  /** Rows were not good enough to be published. */
  public static final int QUALITY = 3;

  /** Published, but some rows failed. */
  public static final int PARTIAL = 4;

  private ExitCode() {}

  /**
   * The exit code of a command that threw {@code e}: {@link #BAD_USAGE} for what comes again until
   * the user mends it, else {@link #FAILED}, unless the exception knows its own.
   */
  public static int of(Throwable e) {
    if (e instanceof IExitCodeGenerator own) {
      return own.getExitCode();
    }
    boolean unreadable =
        Stream.iterate(e, Objects::nonNull, Throwable::getCause)
            .anyMatch(cause -> cause instanceof UnreadableInput || saysMalformed(cause));
    return e instanceof UserError
            || e instanceof ParameterException
            || unreadable
            || saysTwice(e).isPresent()
        ? BAD_USAGE
        : FAILED;
  }

  /** The column of which Spark says that the input has it twice, if it does. */
  static Optional<String> saysTwice(Throwable e) {
    return Stream.iterate(e, Objects::nonNull, Throwable::getCause)
        .filter(AnalysisException.class::isInstance)
        .map(AnalysisException.class::cast)
        .filter(cause -> "COLUMN_ALREADY_EXISTS".equals(cause.getErrorClass()))
        .map(cause -> cause.getMessageParameters().get("columnName"))
        .findFirst();
  }

  /** Whether this is Spark's complaint of a record that a reader cannot read. */
  static boolean saysMalformed(Throwable e) {
    String message = String.valueOf(e.getMessage());
    return e instanceof SparkException
        && (message.startsWith("[MALFORMED_RECORD") || message.startsWith("Malformed records"));
  }
}
