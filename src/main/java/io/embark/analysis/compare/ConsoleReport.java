package io.embark.analysis.compare;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Prints a comparison as tables of plain text. */
public record ConsoleReport(Comparison comparison, PrintWriter out) {

  public void print() {
    comparison.deciding().ifPresent(this::printRanking);
    for (Measure.Group group : Measure.Group.values()) {
      List<Measure> measures = comparison.measures(group);
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
    Measure measure = ranking.measure();
    out.printf("%n%s, 95 %% intervals by %s%n", measure.scaledTitle(), measure.spread.label);
    int rank = 0;
    for (Ranking.Place place : ranking.places()) {
      Figure figure = place.figure();
      out.printf(
          Locale.ROOT,
          "%3d  %-24s %7s  %-18s  %s%n",
          rank + 1,
          name(figure.candidate()),
          measure.print(figure.value()),
          figure.interval().map(measure::print).orElse(""),
          rank == 0 ? "best" : againstBest(place));
      rank++;
    }
  }

  private static String againstBest(Ranking.Place place) {
    Measure measure = place.figure().measure();
    String verdict =
        place.beyondNoise() ? "worse" : place.figure().isNumber() ? "not told apart" : "no figure";
    String interval = place.interval().map(measure::print).orElse("");
    return "%s %s  %s".formatted(measure.print(place.difference()), interval, verdict);
  }

  /** A line for each measure would repeat the candidates' names; a column each does not fit. */
  private void printGroup(Measure.Group group, List<Measure> measures) {
    out.printf("%n%s%n", group.title);
    for (int c = 0; c < measures.size(); c++) {
      out.printf("  (%d) %s%n", c + 1, measures.get(c).scaledTitle());
    }
    out.printf("     %-24s", "");
    for (int c = 0; c < measures.size(); c++) {
      out.printf(" %7s", "(" + (c + 1) + ")");
    }
    out.println();
    for (Candidate candidate : comparison.inOrder()) {
      out.printf("     %-24s", name(candidate));
      measures.forEach(measure -> out.printf(" %7s", comparison.print(candidate, measure)));
      out.println();
    }
  }

  /** The model's own choice has a star. */
  private String name(Candidate candidate) {
    return candidate.name() + (comparison.isOwn(candidate) ? " *" : "");
  }
}
