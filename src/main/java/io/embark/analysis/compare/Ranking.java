package io.embark.analysis.compare;

import io.embark.analysis.measure.Interval;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The candidates by one measure, best first, each against the best. */
public record Ranking(Measure measure, List<Place> places) {
  private static final double ROUNDING = 5e-5;

  /** One candidate's place, its difference to the best, 0 or less, and the interval of that. */
  public record Place(Figure figure, double difference, Optional<Interval> interval) {
    /** Whether the difference shows in four digits; equal vectors differ in the last bits only. */
    boolean beyondRounding() {
      return !(Math.abs(difference) < ROUNDING);
    }

    /** Whether neither chance nor rounding explains the difference: its interval leaves out 0. */
    public boolean beyondNoise() {
      return beyondRounding() && interval.filter(i -> i.isFinite() && !i.contains(0)).isPresent();
    }
  }

  /** Ranks the figures of one measure, those that are not numbers last. */
  static Ranking of(Measure measure, List<Figure> figures) {
    List<Figure> sorted = new ArrayList<>(figures);
    // What is equal but for rounding keeps its order.
    sorted.sort(
        Comparator.comparingDouble(
            (Figure f) ->
                f.isNumber() ? -Math.rint(f.value() / (2 * ROUNDING)) : Double.POSITIVE_INFINITY));
    Figure best = sorted.get(0);
    List<Place> places = new ArrayList<>();
    for (Figure figure : sorted) {
      Optional<Interval> interval =
          figure == best ? Optional.empty() : figure.intervalOfDifference(best);
      places.add(new Place(figure, figure.value() - best.value(), interval));
    }
    return new Ranking(measure, places);
  }

  /** The place of a candidate, by name. */
  Optional<Place> of(String candidate) {
    return places.stream().filter(p -> p.figure().candidate().name().equals(candidate)).findFirst();
  }
}
