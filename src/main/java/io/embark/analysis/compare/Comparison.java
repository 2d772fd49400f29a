package io.embark.analysis.compare;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The figures of a comparison, and what they were taken on.
 *
 * @param figures of every candidate and measure, in no order
 */
public record Comparison(
    Scope scope,
    List<Candidate> candidates,
    List<Figure> figures,
    Neighbours neighbours,
    Neighbours.Examples examples) {
  /**
   * The rows and vectors that were compared.
   *
   * @param own name of the vector that the model itself wants, if it is compared
   * @param pairs with scores; 0 for none
   * @param rows texts that were embedded and have a vector, beside those of pairs
   * @param labelled rows whose label has enough rows
   * @param notes on what was left out, cut or sampled
   */
  public record Scope(
      String model,
      String fingerprint,
      String normalize,
      Optional<String> own,
      long pairs,
      long rows,
      long labelled,
      int labels,
      int clusters,
      int seeds,
      int neighbourRows,
      List<String> notes) {}

  /** The measures that were taken, in their order. */
  List<Measure> measures() {
    return Stream.of(Measure.values())
        .filter(measure -> figures.stream().anyMatch(f -> f.measure() == measure))
        .toList();
  }

  List<Measure> measures(Measure.Group group) {
    return measures().stream().filter(measure -> measure.group == group).toList();
  }

  /** The candidates by one of {@link #measures()}. */
  Ranking ranking(Measure measure) {
    return Ranking.of(measure, figures.stream().filter(f -> f.measure() == measure).toList());
  }

  /** The ranking that decides, if something says which candidate is better. */
  public Optional<Ranking> deciding() {
    return Stream.of(Measure.SPEARMAN_COSINE, Measure.PROBE_ACCURACY)
        .filter(measures()::contains)
        .findFirst()
        .map(this::ranking);
  }

  Optional<Figure> figure(Candidate candidate, Measure measure) {
    return figures.stream()
        .filter(f -> f.measure() == measure && f.candidate().equals(candidate))
        .findFirst();
  }

  /** The figure as tables print it; a dash for none. */
  String print(Candidate candidate, Measure measure) {
    return figure(candidate, measure).map(f -> measure.print(f.value())).orElse("-");
  }

  /** Whether the model itself makes this vector. */
  boolean isOwn(Candidate candidate) {
    return scope.own().filter(candidate.name()::equals).isPresent();
  }

  /** The candidates, best first where that is known. */
  List<Candidate> inOrder() {
    return deciding()
        .map(r -> r.places().stream().map(p -> p.figure().candidate()).toList())
        .orElse(candidates);
  }
}
