package io.embark.cli.doctor;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.cli.Main;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** The findings of the doctor, the driver's first; the plan is null if nothing was measured. */
record DoctorReport(String master, List<Place> places, DoctorPlan plan) {
  /** Raised when a field changes its meaning or goes; new fields do not count. */
  private static final int SCHEMA = 1;

  /** Checks whose values may well differ between machines. */
  private static final Set<String> EACH_ITS_OWN =
      Set.of(
          "memory",
          "system",
          "nvidia-smi",
          "session",
          "reached",
          "clock",
          "model cache",
          "output",
          "input");

  /** Checks of what only executors use: a driver outside of them may have another, or none. */
  private static final Set<String> EXECUTORS_ONLY = Set.of("cuda libraries");

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** From best to worst. */
  enum Verdict {
    OK,
    WARNING,
    FAILED
  }

  /**
   * The finding of a check.
   *
   * @param value short; equal values are shown once for all places
   * @param wayOut what to do about it; empty where all is well
   */
  record Finding(Verdict verdict, String value, String wayOut) implements Serializable {
    static Finding ok(String value) {
      return new Finding(Verdict.OK, value, "");
    }

    static Finding warning(String value, String wayOut) {
      return new Finding(Verdict.WARNING, value, wayOut);
    }

    static Finding failed(String value, String wayOut) {
      return new Finding(Verdict.FAILED, value, wayOut);
    }

    static String reason(Throwable e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      return message.lines().findFirst().orElse("");
    }
  }

  /** One JVM or, where it has several GPUs, one GPU address of it. */
  static final class Place implements Serializable {
    private static final long serialVersionUID = 1;

    /** {@code driver} or Spark's id of the executor. */
    final String executor;

    final String host;

    /** GPU address that Spark gave, or empty. */
    final String address;

    final List<Checked> checks = new ArrayList<>();

    /** {@code cpu} or {@code cuda:N}; empty if no session could be opened. */
    String device = "";

    boolean gpu;
    long loadMillis;

    /** Null if nothing could be measured. */
    SessionProbe.Speeds speeds;

    /** By the clock of this host, in ms since 1970. */
    long clock;

    /** A check that was made here. */
    record Checked(String check, Finding finding) implements Serializable {}

    Place(String executor, String host, String address) {
      this.executor = executor;
      this.host = host;
      this.address = address;
    }

    /** Runs one check; whatever goes wrong in it is what it found. */
    void check(String name, Callable<Finding> check) {
      Finding finding;
      try {
        finding = check.call();
      } catch (Exception | LinkageError e) {
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        finding = Finding.failed(Finding.reason(e), "");
      }
      checks.add(new Checked(name, finding));
    }

    /** {@code driver}, {@code executor 3} or {@code executor 3 gpu 1}. */
    String name() {
      if (executor.equals("driver")) {
        return executor;
      }
      return "executor " + executor + (address.isEmpty() ? "" : " gpu " + address);
    }
  }

  /** One check everywhere: the names of places by what was found there. */
  record Check(String name, Verdict verdict, Map<Finding, Set<String>> found) {
    private static Check of(String name, Map<Finding, Set<String>> found) {
      Verdict worst = Collections.max(found.keySet().stream().map(Finding::verdict).toList());
      long different =
          found.values().stream()
              .filter(at -> !EXECUTORS_ONLY.contains(name) || !at.equals(Set.of("driver")))
              .count();
      boolean warn = worst == Verdict.OK && !EACH_ITS_OWN.contains(name) && different > 1;
      return new Check(name, warn ? Verdict.WARNING : worst, found);
    }
  }

  /** The checks in the order in which they were made, one for each name. */
  List<Check> checks() {
    Map<String, Map<Finding, Set<String>>> byName = new LinkedHashMap<>();
    for (Place place : places) {
      for (Place.Checked checked : place.checks) {
        byName
            .computeIfAbsent(checked.check(), name -> new LinkedHashMap<>())
            .computeIfAbsent(checked.finding(), f -> new LinkedHashSet<>())
            .add(place.name());
      }
    }
    return byName.entrySet().stream().map(e -> Check.of(e.getKey(), e.getValue())).toList();
  }

  boolean failed() {
    return checks().stream().anyMatch(check -> check.verdict() == Verdict.FAILED);
  }

  /** The hosts of the executors, without ports. */
  Set<String> hosts() {
    return places.stream()
        .filter(p -> !p.executor.equals("driver") || places.size() == 1)
        .map(p -> p.host.replaceFirst(":\\d+$", ""))
        .collect(Collectors.toSet());
  }

  void writeJson(Path file) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("schema", SCHEMA);
    root.put("embark", Main.version());
    root.put("master", master);
    root.put("ok", !failed());
    ArrayNode all = root.putArray("places");
    places.forEach(place -> write(place, all.addObject()));
    ArrayNode checks = root.putArray("checks");
    for (Check check : checks()) {
      checks.addObject().put("check", check.name()).put("verdict", check.verdict().name());
    }
    if (plan != null) {
      root.set("plan", JSON.valueToTree(plan));
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), root);
  }

  private static void write(Place place, ObjectNode node) {
    node.put("place", place.name());
    node.put("executor", place.executor);
    node.put("host", place.host);
    node.put("gpuAddress", place.address);
    node.put("device", place.device);
    node.put("loadMillis", place.loadMillis);
    ArrayNode findings = node.putArray("findings");
    for (Place.Checked checked : place.checks) {
      ObjectNode finding = findings.addObject().put("check", checked.check());
      finding.setAll(JSON.<ObjectNode>valueToTree(checked.finding()));
    }
    ObjectNode speed = node.putObject("speed");
    if (place.speeds != null) {
      speed.put("tokenBudget", place.speeds.budget());
      ArrayNode shapes = speed.putArray("shapes");
      for (SessionProbe.Speed shape : place.speeds.speeds()) {
        ObjectNode timed = shapes.addObject().put("tokensPerText", shape.length());
        timed.put("tokensPerSecond", shape.tokensPerSecond());
      }
    }
  }
}
