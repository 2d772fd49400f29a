package io.embark.analysis.compare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.analysis.measure.Interval;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Writes a comparison as {@code compare.json}; docs/compare.md describes its fields. */
public final class ComparisonJson {
  private static final int SCHEMA = 1;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ComparisonJson() {}

  public static void write(Comparison comparison, String embarkVersion, OutputStream out)
      throws IOException {
    Comparison.Scope scope = comparison.scope();
    ObjectNode root = JSON.createObjectNode();
    root.put("schema", SCHEMA);
    root.put("embark", embarkVersion);
    root.put("finished", Instant.now().toString());
    root.put("model", scope.model());
    root.put("fingerprint", scope.fingerprint());
    root.put("normalize", scope.normalize());
    root.put("own", scope.own().orElse(null));
    root.put("pairs", scope.pairs());
    root.put("rows", scope.rows());
    root.put("labelledRows", scope.labelled());
    root.put("labels", scope.labels());
    root.put("clusters", scope.clusters());
    root.put("seeds", scope.seeds());
    root.put("neighbourRows", scope.neighbourRows());
    scope.notes().forEach(root.putArray("notes")::add);
    Recommendation recommendation = Recommendation.of(comparison);
    root.putObject("recommendation")
        .put("vector", recommendation.candidate().orElse(null))
        .put("sentence", recommendation.sentence());
    ArrayNode measures = root.putArray("measures");
    for (Measure measure : comparison.measures()) {
      measure(measures.addObject(), comparison.ranking(measure));
    }
    ArrayNode agreement = root.putArray("neighbourAgreement");
    Neighbours neighbours = comparison.neighbours();
    List<String> names = neighbours.found().stream().map(f -> f.candidate().name()).toList();
    for (int a = 0; a < names.size(); a++) {
      for (int b = a + 1; b < names.size(); b++) {
        agreement
            .addObject()
            .put("a", names.get(a))
            .put("b", names.get(b))
            .put("share", neighbours.agreement(a, b));
      }
    }
    JSON.writeValue(out, root);
  }

  private static void measure(ObjectNode node, Ranking ranking) {
    Measure measure = ranking.measure();
    node.put("measure", measure.key());
    node.put("title", measure.title);
    node.put("spread", measure.spread == Measure.Spread.NONE ? null : measure.spread.label);
    node.put("ranked", measure.isRanked());
    ArrayNode vectors = node.putArray("vectors");
    for (Ranking.Place place : ranking.places()) {
      ObjectNode vector = vectors.addObject();
      vector.put("vector", place.figure().candidate().name());
      number(vector, "value", place.figure().value());
      interval(vector, "interval", place.figure().interval());
      if (measure.isRanked()) {
        number(vector, "toBest", place.difference());
        interval(vector, "toBestInterval", place.interval());
        vector.put("worseBeyondNoise", place.beyondNoise());
      }
    }
  }

  private static void interval(ObjectNode node, String name, Optional<Interval> interval) {
    interval
        .filter(Interval::isFinite)
        .ifPresent(i -> node.putArray(name).add(i.low()).add(i.high()));
  }

  /** JSON has no NaN. */
  private static void number(ObjectNode node, String name, double value) {
    node.put(name, Double.isFinite(value) ? (Double) value : null);
  }
}
