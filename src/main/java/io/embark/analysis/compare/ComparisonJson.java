package io.embark.analysis.compare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.analysis.measure.Interval;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Optional;

/** What a comparison found, as {@code compare.json}; docs/compare.md describes its fields. */
public final class ComparisonJson {
  private static final int SCHEMA = 1;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ComparisonJson() {}

  /**
   * @param version of Embark
   */
  public static void write(Comparison comparison, String version, OutputStream out)
      throws IOException {
    Scope scope = comparison.scope();
    ObjectNode root = JSON.createObjectNode();
    root.put("schema", SCHEMA);
    root.put("embark", version);
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
      measures.add(measure(comparison.ranking(measure)));
    }
    ArrayNode agreement = root.putArray("neighbourAgreement");
    Neighbours neighbours = comparison.neighbours();
    for (int a = 0; a < neighbours.found().size(); a++) {
      for (int b = a + 1; b < neighbours.found().size(); b++) {
        agreement
            .addObject()
            .put("a", neighbours.found().get(a).candidate().name())
            .put("b", neighbours.found().get(b).candidate().name())
            .put("share", neighbours.agreement(a, b));
      }
    }
    JSON.writeValue(out, root);
  }

  private static ObjectNode measure(Ranking ranking) {
    Measure measure = ranking.measure();
    ObjectNode node = JSON.createObjectNode();
    node.put("measure", measure.key());
    node.put("title", measure.title());
    node.put("spread", measure.spread() == Spread.NONE ? null : measure.spread().label());
    boolean ranked = measure.better() == Measure.Better.MORE;
    node.put("ranked", ranked);
    ArrayNode figures = node.putArray("vectors");
    for (Ranking.Place place : ranking.places()) {
      ObjectNode figure = figures.addObject();
      figure.put("vector", place.figure().candidate().name());
      number(figure, "value", place.figure().value());
      interval(figure, "interval", place.figure().interval());
      if (ranked) {
        number(figure, "toBest", place.difference());
        interval(figure, "toBestInterval", place.interval());
        figure.put("worseBeyondNoise", place.beyondNoise());
      }
    }
    return node;
  }

  private static void interval(ObjectNode node, String name, Optional<Interval> interval) {
    interval.ifPresent(
        i -> {
          if (i.isFinite()) {
            node.putArray(name).add(i.low()).add(i.high());
          }
        });
  }

  /** JSON has no NaN. */
  private static void number(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    } else {
      node.putNull(name);
    }
  }
}
