package io.embark.analysis.compare;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The name of the candidate to use, if anything speaks for one, and a sentence of evidence. */
public record Recommendation(Optional<String> candidate, String sentence) {
  public static Recommendation of(Comparison comparison) {
    return comparison.deciding().isPresent()
        ? decided(comparison.scope(), comparison.deciding().get())
        : undecided(comparison);
  }

  /**
   * The best, unless the model's own choice is not worse beyond noise: then there is no reason to
   * leave what the model was trained with.
   */
  private static Recommendation decided(Comparison.Scope scope, Ranking ranking) {
    Ranking.Place best = ranking.places().get(0);
    Optional<Ranking.Place> own = scope.own().flatMap(ranking::of);
    boolean keep = own.isPresent() && own.get().figure().isNumber() && !own.get().beyondNoise();
    Ranking.Place chosen = keep ? own.get() : best;
    String name = chosen.figure().candidate().name();
    Measure measure = ranking.measure();
    String sentence =
        "Use %s%s: %s %s%s%s%s"
            .formatted(
                name,
                keep ? ", as the model itself does" : "",
                measure.title,
                measure.print(chosen.figure().value()),
                chosen.figure().interval().map(i -> " " + measure.print(i)).orElse(""),
                own.map(place -> ownAgainst(best, place, keep)).orElse(""),
                others(ranking, chosen));
    return new Recommendation(Optional.of(name), sentence);
  }

  /** The part of the sentence that holds the model's own vector against the best. */
  private static String ownAgainst(Ranking.Place best, Ranking.Place own, boolean keep) {
    Measure measure = own.figure().measure();
    String name = own.figure().candidate().name();
    if (!own.figure().isNumber()) {
      return "; the model's own %s has no such figure".formatted(name);
    }
    if (!keep) {
      String interval = own.interval().map(measure::print).orElse("");
      return "; the model's own %s is %s lower %s"
          .formatted(name, measure.print(-own.difference()), interval);
    }
    if (!own.beyondRounding()) {
      return "";
    }
    return "; %s is %s higher, %s"
        .formatted(
            best.figure().candidate().name(),
            measure.print(-own.difference()),
            own.interval().isPresent()
                ? "which is within noise"
                : "but nothing says whether beyond noise");
  }

  /** The rest of the sentence, on the places that were not chosen. */
  private static String others(Ranking ranking, Ranking.Place chosen) {
    List<String> alike =
        ranking.places().stream()
            .filter(p -> p != chosen && p.figure().isNumber() && !p.beyondNoise())
            .map(p -> p.figure().candidate().name())
            .toList();
    int all = ranking.places().size();
    int worse = (int) ranking.places().stream().filter(Ranking.Place::beyondNoise).count();
    String count = "; worse beyond noise: %d of %d.".formatted(worse, all);
    if (!alike.isEmpty()) {
      return "; not told apart from the best: " + String.join(", ", alike) + count;
    }
    return worse == 0 ? "." : worse == all - 1 ? "; all others are worse beyond noise." : count;
  }

  private static String difference(Figure least) {
    return String.format(
        Locale.ROOT,
        " They do differ: %s shares %.0f %% of its nearest neighbours with the others.",
        least.candidate().name(),
        100 * least.value());
  }

  private static Recommendation undecided(Comparison comparison) {
    String evidence =
        comparison.figures().stream()
            .filter(f -> f.measure() == Measure.NEIGHBOUR_AGREEMENT && f.isNumber())
            .min(Comparator.comparingDouble(Figure::value))
            .map(Recommendation::difference)
            .orElse("");
    Optional<String> own = comparison.scope().own();
    String sentence =
        "Nothing here says which is better, for there are no scores (--pairs) and no labels"
            + " (--label-col); "
            + own.map(o -> "stay with " + o + ", as the model itself does.")
                .orElse(
                    comparison.candidates().stream().anyMatch(c -> c.name().equals("mean"))
                        ? "mean is what most models are trained with."
                        : "what the model itself does is not among the vectors compared.")
            + evidence;
    return new Recommendation(own, sentence);
  }
}
