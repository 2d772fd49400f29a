package io.embark.analysis.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a comparison found.
 *
 * @param figures of every candidate and measure, in no order
 */
public record Comparison(
    Scope scope,
    List<Candidate> candidates,
    List<Figure> figures,
    Neighbours neighbours,
    Examples examples) {

  /** The measure that decides: the first of these that was taken. */
  private static final List<Measure> DECIDING =
      List.of(Measure.SPEARMAN_COSINE, Measure.PROBE_ACCURACY);

  /** The measures that were taken, in their order. */
  public List<Measure> measures() {
    List<Measure> taken = new ArrayList<>();
    for (Measure measure : Measure.values()) {
      if (figures.stream().anyMatch(f -> f.measure() == measure)) {
        taken.add(measure);
      }
    }
    return taken;
  }

  /** The candidates by one of {@link #measures()}. */
  public Ranking ranking(Measure measure) {
    return Ranking.of(measure, figures.stream().filter(f -> f.measure() == measure).toList());
  }

  /** The ranking that decides, if something says which candidate is better. */
  public Optional<Ranking> deciding() {
    return DECIDING.stream().filter(measures()::contains).findFirst().map(this::ranking);
  }

  /** The figure of one candidate. */
  public Optional<Figure> figure(Candidate candidate, Measure measure) {
    return figures.stream()
        .filter(f -> f.measure() == measure && f.candidate().equals(candidate))
        .findFirst();
  }

  /** The candidates, best first where that is known. */
  public List<Candidate> inOrder() {
    return deciding()
        .map(r -> r.places().stream().map(p -> p.figure().candidate()).toList())
        .orElse(candidates);
  }
}
