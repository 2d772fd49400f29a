package io.embark.cli.doctor;

import io.embark.spark.executor.SessionProbe;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** What was found in one JVM or, where it has several GPUs, for one GPU address of it. */
final class PlaceReport implements Serializable {
  private static final long serialVersionUID = 1;

  /** {@code driver} or Spark's id of the executor. */
  final String executor;

  final String host;

  /** GPU address that Spark gave, or empty. */
  final String address;

  final List<Finding> findings = new ArrayList<>();

  /** {@code cpu} or {@code cuda:N}; empty if no session could be opened. */
  String device = "";

  boolean gpu;
  long loadMillis;

  /** Null if nothing could be measured. */
  SessionProbe.Speeds speeds;

  /** By the clock of this host, in ms since 1970. */
  long clock;

  PlaceReport(String executor, String host, String address) {
    this.executor = executor;
    this.host = host;
    this.address = address;
  }

  /** Runs one check; whatever goes wrong in it is what it found. */
  void check(String name, Callable<Finding> check) {
    try {
      findings.add(check.call());
    } catch (Exception | LinkageError e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      findings.add(Finding.failed(name, reason.lines().findFirst().orElse(""), ""));
    }
  }

  /** {@code driver}, {@code executor 3} or {@code executor 3 gpu 1}. */
  String place() {
    if (executor.equals("driver")) {
      return executor;
    }
    return "executor " + executor + (address.isEmpty() ? "" : " gpu " + address);
  }
}
