package io.embark.cluster;

import java.util.List;

/** How a finished process ended and what it printed. */
public record Run(int exitCode, String out, String err) {

  /** The parts after {@code prefix} of the lines on standard output that begin with it. */
  public List<String> values(String prefix) {
    return out.lines()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()).strip())
        .toList();
  }

  /** This, if it ended with 0; else an error that shows what it printed. */
  public Run succeeded() {
    if (exitCode != 0) {
      throw new AssertionError(
          "exit code "
              + exitCode
              + "\n--- standard output\n"
              + out
              + "\n--- standard error\n"
              + err);
    }
    return this;
  }
}
