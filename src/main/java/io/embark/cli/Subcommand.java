package io.embark.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;

/**
 * A command of {@link Main}, which finds them with {@link java.util.ServiceLoader}; help shows them
 * in the order of the file under META-INF/services.
 */
public interface Subcommand extends Callable<Integer> {
  /** The command with its options. */
  default CommandLine commandLine() {
    return new CommandLine(this);
  }
}
