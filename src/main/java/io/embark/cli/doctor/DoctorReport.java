package io.embark.cli.doctor;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.cli.Version;
import io.embark.cli.doctor.Finding.Verdict;
import io.embark.spark.executor.SessionProbe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Everything the doctor found.
 *
 * @param places the driver first
 * @param plan null if nothing could be measured
 */
record DoctorReport(String master, List<PlaceReport> places, DoctorPlan plan) {
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

  /** The findings of one check: places by what was found there. */
  record Check(String name, Verdict verdict, Map<Finding, List<String>> found) {}

  /** The checks in the order in which they were made, one for each name. */
  List<Check> checks() {
    Map<String, Map<Finding, List<String>>> byName = new LinkedHashMap<>();
    for (PlaceReport place : places) {
      for (Finding finding : place.findings) {
        byName
            .computeIfAbsent(finding.check(), name -> new LinkedHashMap<>())
            .computeIfAbsent(finding, f -> new ArrayList<>());
        List<String> at = byName.get(finding.check()).get(finding);
        if (!at.contains(place.place())) {
          at.add(place.place());
        }
      }
    }
    List<Check> checks = new ArrayList<>();
    byName.forEach(
        (name, found) -> {
          Verdict worst = Verdict.OK;
          for (Finding finding : found.keySet()) {
            worst = finding.verdict().compareTo(worst) > 0 ? finding.verdict() : worst;
          }
          if (worst == Verdict.OK && !EACH_ITS_OWN.contains(name) && differ(name, found)) {
            worst = Verdict.WARNING;
          }
          checks.add(new Check(name, worst, found));
        });
    return checks;
  }

  private static boolean differ(String check, Map<Finding, List<String>> found) {
    return found.values().stream()
            .filter(at -> !EXECUTORS_ONLY.contains(check) || !at.equals(List.of("driver")))
            .count()
        > 1;
  }

  boolean failed() {
    return checks().stream().anyMatch(check -> check.verdict() == Verdict.FAILED);
  }

  Set<String> hosts() {
    Set<String> hosts = new LinkedHashSet<>();
    places.stream()
        .filter(p -> !p.executor.equals("driver") || places.size() == 1)
        .forEach(p -> hosts.add(p.host.replaceFirst(":\\d+$", "")));
    return hosts;
  }

  void writeJson(Path file) throws IOException {
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode root = json.createObjectNode();
    root.put("schema", SCHEMA);
    root.put("embark", Version.of());
    root.put("master", master);
    root.put("ok", !failed());
    ArrayNode all = root.putArray("places");
    for (PlaceReport place : places) {
      all.add(json(place, json));
    }
    ArrayNode checks = root.putArray("checks");
    for (Check check : checks()) {
      checks.addObject().put("check", check.name()).put("verdict", check.verdict().name());
    }
    if (plan != null) {
      root.putObject("plan")
          .put("tokenBudget", plan.tokenBudget())
          .put("tasksPerGpu", plan.tasksPerGpu())
          .put("tokensPerSecond", plan.tokensPerSecond())
          .put("slots", plan.slots())
          .put("measuredSlots", plan.measuredSlots())
          .put("rows", plan.rows())
          .put("tokensPerRow", plan.tokensPerRow())
          .put("partitions", plan.partitions())
          .put("seconds", plan.seconds())
          .put("flags", plan.flags());
    }
    if (file.toAbsolutePath().getParent() != null) {
      java.nio.file.Files.createDirectories(file.toAbsolutePath().getParent());
    }
    json.writeValue(file.toFile(), root);
  }

  private static ObjectNode json(PlaceReport place, ObjectMapper json) {
    ObjectNode node = json.createObjectNode();
    node.put("place", place.place());
    node.put("executor", place.executor);
    node.put("host", place.host);
    node.put("gpuAddress", place.address);
    node.put("device", place.device);
    node.put("loadMillis", place.loadMillis);
    ArrayNode findings = node.putArray("findings");
    for (Finding finding : place.findings) {
      findings
          .addObject()
          .put("check", finding.check())
          .put("verdict", finding.verdict().name())
          .put("value", finding.value())
          .put("wayOut", finding.wayOut());
    }
    ObjectNode speed = node.putObject("speed");
    if (place.speeds != null) {
      speed.put("tokenBudget", place.speeds.budget());
      ArrayNode shapes = speed.putArray("shapes");
      for (SessionProbe.Speed shape : place.speeds.speeds()) {
        shapes
            .addObject()
            .put("tokensPerText", shape.length())
            .put("tokensPerSecond", shape.tokensPerSecond());
      }
    }
    return node;
  }
}
