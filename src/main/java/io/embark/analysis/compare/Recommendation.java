package io.embark.analysis.compare;

import io.embark.analysis.measure.Interval;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which candidate to use, in a sentence with its evidence.
 *
 * @param candidate name; empty if nothing speaks for one
 */
public record Recommendation(Optional<String> candidate, String sentence) {

  /** What a comparison speaks for. */
  public static Recommendation of(Comparison comparison) {
    return comparison.deciding().isPresent()
        ? decided(comparison.scope(), comparison.deciding().get())
        : undecided(comparison);
  }

  /**
   * The best, unless the model's own choice is not worse beyond noise: then there is no reason to
   * leave what the model was trained with.
   */
  private static Recommendation decided(Scope scope, Ranking ranking) {
    Ranking.Place best = ranking.places().get(0);
    Optional<Ranking.Place> own = scope.own().flatMap(ranking::of);
    boolean keep = own.isPresent() && own.get().figure().isNumber() && !own.get().beyondNoise();
    Ranking.Place chosen = keep ? own.get() : best;
    String name = chosen.figure().candidate().name();
    StringBuilder sentence = new StringBuilder("Use ").append(name);
    if (keep) {
      sentence.append(", as the model itself does");
    }
    sentence
        .append(": ")
        .append(ranking.measure().title())
        .append(' ')
        .append(ranking.measure().print(chosen.figure().value()));
    chosen.figure().interval().ifPresent(i -> sentence.append(' ').append(of(ranking, i)));
    if (keep && chosen.beyondRounding()) {
      sentence.append(
          "; %s is %s higher, %s"
              .formatted(
                  best.figure().candidate().name(),
                  ranking.measure().print(-chosen.difference()),
                  chosen.interval().isPresent()
                      ? "which is within noise"
                      : "but nothing says whether beyond noise"));
    } else if (own.isPresent() && !own.get().figure().isNumber()) {
      sentence.append(
          "; the model's own %s has no such figure"
              .formatted(own.get().figure().candidate().name()));
    } else if (own.isPresent() && !keep) {
      sentence.append(
          "; the model's own %s is %s lower %s"
              .formatted(
                  own.get().figure().candidate().name(),
                  ranking.measure().print(-own.get().difference()),
                  own.get().interval().map(i -> of(ranking, i)).orElse("")));
    }
    List<String> alike =
        ranking.places().stream()
            .filter(p -> p != chosen && p.figure().isNumber() && !p.beyondNoise())
            .map(p -> p.figure().candidate().name())
            .toList();
    int others = ranking.places().size() - 1;
    int worse = (int) ranking.places().stream().filter(Ranking.Place::beyondNoise).count();
    sentence.append(
        alike.isEmpty()
            ? worse == 0
                ? "."
                : worse == others
                    ? "; all others are worse beyond noise."
                    : "; worse beyond noise: %d of %d.".formatted(worse, others + 1)
            : "; not told apart from the best: %s; worse beyond noise: %d of %d."
                .formatted(String.join(", ", alike), worse, ranking.places().size()));
    return new Recommendation(Optional.of(name), sentence.toString());
  }

  private static Recommendation undecided(Comparison comparison) {
    double least = Double.NaN;
    String from = "";
    for (Figure figure : comparison.figures()) {
      if (figure.measure() == Measure.NEIGHBOUR_AGREEMENT && !(figure.value() >= least)) {
        least = figure.value();
        from = figure.candidate().name();
      }
    }
    String evidence =
        Double.isNaN(least)
            ? ""
            : String.format(
                Locale.ROOT,
                " They do differ: %s shares %.0f %% of its nearest neighbours with the others.",
                from,
                100 * least);
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

  private static String of(Ranking ranking, Interval interval) {
    return "[%s .. %s]"
        .formatted(
            ranking.measure().print(interval.low()), ranking.measure().print(interval.high()));
  }
}
