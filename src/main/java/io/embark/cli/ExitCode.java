package io.embark.cli;

/** What a job tells the shell; 0 is success. */
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
}
