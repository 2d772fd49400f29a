package io.embark.spark.executor;

/** Some JVM gives other vectors than it must. Ends the job: a retry elsewhere would hide it. */
public final class CanaryDrift extends IllegalStateException {
  private static final long serialVersionUID = 1;

  CanaryDrift(String message) {
    super(message);
  }
}
