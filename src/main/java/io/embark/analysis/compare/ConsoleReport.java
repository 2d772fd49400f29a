package io.embark.analysis.compare;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What a comparison found, as tables of plain text. */
public final class ConsoleReport {
  private final Comparison comparison;
  private final PrintWriter out;

  public ConsoleReport(Comparison comparison, PrintWriter out) {
    this.comparison = comparison;
    this.out = out;
  }

  public void print() {
    comparison.deciding().ifPresent(this::printRanking);
    for (Measure.Group group : Measure.Group.values()) {
      List<Measure> measures =
          comparison.measures().stream().filter(m -> m.group() == group).toList();
      if (!measures.isEmpty()) {
        printGroup(group, measures);
      }
    }
    out.println();
    out.println(Recommendation.of(comparison).sentence());
    comparison.scope().notes().forEach(note -> out.println("Note: " + note + "."));
    out.flush();
  }

  private void printRanking(Ranking ranking) {
    out.printf(
        "%n%s%s, 95 %% intervals by %s%n",
        ranking.measure().title(),
        ranking.measure().scale() == 100 ? " x100" : "",
        ranking.measure().spread().label());
    int rank = 0;
    for (Ranking.Place place : ranking.places()) {
      Measure measure = ranking.measure();
      String interval =
          place
              .figure()
              .interval()
              .map(i -> "[%s .. %s]".formatted(measure.print(i.low()), measure.print(i.high())))
              .orElse("");
      String against =
          rank == 0
              ? "best"
              : "%s %s  %s"
                  .formatted(
                      measure.print(place.difference()),
                      place
                          .interval()
                          .map(
                              i ->
                                  "[%s .. %s]"
                                      .formatted(measure.print(i.low()), measure.print(i.high())))
                          .orElse(""),
                      place.beyondNoise()
                          ? "worse"
                          : place.figure().isNumber() ? "not told apart" : "no figure");
      out.printf(
          Locale.ROOT,
          "%3d  %-24s %7s  %-18s  %s%n",
          ++rank,
          name(place.figure().candidate()),
          measure.print(place.figure().value()),
          interval,
          against);
    }
  }

  /** A line for each measure would repeat the candidates' names; a column each does not fit. */
  private void printGroup(Measure.Group group, List<Measure> measures) {
    out.printf("%n%s%n", group.title());
    for (int c = 0; c < measures.size(); c++) {
      out.printf("  (%d) %s%s%n", c + 1, measures.get(c).title(), suffix(measures.get(c)));
    }
    out.printf("     %-24s", "");
    for (int c = 0; c < measures.size(); c++) {
      out.printf(" %7s", "(" + (c + 1) + ")");
    }
    out.println();
    for (Candidate candidate : comparison.inOrder()) {
      out.printf("     %-24s", name(candidate));
      for (Measure measure : measures) {
        out.printf(
            " %7s",
            comparison.figure(candidate, measure).map(f -> measure.print(f.value())).orElse("-"));
      }
      out.println();
    }
  }

  private static String suffix(Measure measure) {
    return measure.scale() == 100 ? " x100" : "";
  }

  /** The model's own choice has a star. */
  private String name(Candidate candidate) {
    boolean own = comparison.scope().own().filter(candidate.name()::equals).isPresent();
    return candidate.name() + (own ? " *" : "");
  }
}
