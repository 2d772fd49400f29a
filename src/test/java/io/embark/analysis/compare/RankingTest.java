package io.embark.analysis.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.measure.Interval;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RankingTest {
  private static final Measure MEASURE = Measure.SPEARMAN_COSINE;

  private static Figure figure(String name, double value, double... noise) {
    return new Figure(
        new Candidate(name, 4),
        MEASURE,
        value,
        DoubleStream.of(noise).map(n -> value + n).toArray());
  }

  /** Noise that both share is no doubt about their difference. */
  @Test
  void sharedNoiseLeavesTheDifference() {
    Ranking ranking =
        Ranking.of(
            MEASURE,
            List.of(
                figure("low", 0.80, -0.05, 0, 0.05),
                figure("high", 0.82, -0.05, 0, 0.05),
                figure("near", 0.81, 0.05, 0, -0.05)));
    assertThat(ranking.places().stream().map(p -> p.figure().candidate().name()))
        .containsExactly("high", "near", "low");
    assertThat(ranking.of("low").orElseThrow().beyondNoise()).isTrue();
    assertThat(ranking.of("low").orElseThrow().difference()).isCloseTo(-0.02, within(1e-9));
    assertThat(ranking.of("near").orElseThrow().beyondNoise()).isFalse();
    assertThat(ranking.of("high").orElseThrow().beyondNoise()).isFalse();
  }

  @Test
  void vectorsEqualButForRoundingAreNotToldApart() {
    Ranking ranking =
        Ranking.of(
            MEASURE, List.of(figure("mean", 0.8, 0, 0.1), figure("twin", 0.8 + 1e-9, 0, 0.1)));
    assertThat(ranking.places().get(0).figure().candidate().name()).isEqualTo("mean");
    assertThat(ranking.of("twin").orElseThrow().beyondNoise()).isFalse();
  }

  @Test
  void whatIsNoNumberIsLast() {
    Ranking ranking =
        Ranking.of(MEASURE, List.of(figure("none", Double.NaN, 0), figure("some", -0.5, 0)));
    assertThat(ranking.places().get(0).figure().candidate().name()).isEqualTo("some");
  }

  /**
   * A resample of equal scores has no correlation: it says nothing, and least that one is worse.
   */
  @Test
  void resamplesWithoutAFigureAreLeftOut() {
    double[] few = IntStream.range(0, 100).mapToDouble(i -> i < 5 ? Double.NaN : i).toArray();
    assertThat(Measure.Spread.BOOTSTRAP.interval(few))
        .contains(Interval.of(Arrays.copyOfRange(few, 5, 100)));
    double[] many = IntStream.range(0, 100).mapToDouble(i -> i < 6 ? Double.NaN : i).toArray();
    assertThat(Measure.Spread.BOOTSTRAP.interval(many)).isEmpty();
    assertThat(Measure.Spread.BOOTSTRAP.interval(new double[] {Double.NaN})).isEmpty();
    assertThat(Measure.Spread.BOOTSTRAP.interval(new double[0])).isEmpty();
  }

  @Test
  void whatHasNoIntervalIsNotWorse() {
    Figure best = figure("mean", 0.82, 0, Double.NaN, 0);
    Figure lower = figure("cls", 0.6, 0, Double.NaN, 0);
    Ranking.Place place = Ranking.of(MEASURE, List.of(best, lower)).of("cls").orElseThrow();
    assertThat(place.interval()).isEmpty();
    assertThat(place.beyondNoise()).isFalse();
    Ranking.Place unknown =
        new Ranking.Place(lower, -0.22, Optional.of(new Interval(-0.3, Double.NaN)));
    assertThat(unknown.beyondNoise()).isFalse();
    assertThat(recommend("cls", best, lower).sentence())
        .startsWith("Use cls, as the model itself does")
        .contains("mean is 22.00 higher, but nothing says whether beyond noise");
  }

  @Test
  void whatHasNoFigureIsNotRecommended() {
    Recommendation found =
        recommend(
            "cls",
            figure("mean", 0.82, 0, 0),
            figure("max", 0.6, 0, 0),
            figure("cls", Double.NaN, 0, 0));
    assertThat(found.sentence())
        .startsWith("Use mean: ")
        .contains("own cls has no such figure; worse beyond noise: 1 of 3.");
  }

  /** t(0.975, 2) = 4.302653; the replicates 1, 2, 3 have variance 1. */
  @Test
  void studentsIntervals() {
    double[] replicates = {1, 2, 3};
    Interval seeds = Measure.Spread.SEEDS.interval(replicates).orElseThrow();
    assertThat(seeds.high()).isCloseTo(2 + 4.302653 * Math.sqrt(1.0 / 3), within(1e-5));
    Interval splits = Measure.Spread.SPLITS.interval(replicates).orElseThrow();
    assertThat(splits.low()).isCloseTo(2 - 4.302653 * Math.sqrt(2.0 / 3), within(1e-5));
    assertThat(Measure.Spread.NONE.interval(new double[0])).isEmpty();
    assertThat(Measure.Spread.SEEDS.interval(new double[] {1})).isEmpty();
  }

  private static Recommendation recommend(String own, Figure... figures) {
    List<Figure> all = Arrays.asList(figures);
    Comparison.Scope scope =
        new Comparison.Scope("m", "f", "l2", Optional.of(own), 3, 30, 0, 0, 20, 3, 30, List.of());
    return Recommendation.of(
        new Comparison(
            scope,
            all.stream().map(Figure::candidate).toList(),
            all,
            new Neighbours(List.of(), List.of()),
            Neighbours.Examples.NONE));
  }

  @Test
  void theModelsOwnIsKeptUnlessItIsWorseBeyondNoise() {
    Figure best = figure("mean", 0.82, -0.05, 0, 0.05);
    Figure within = figure("cls", 0.81, 0.05, 0, -0.05);
    Figure worse = figure("max", 0.5, -0.05, 0, 0.05);
    Recommendation kept = recommend("cls", best, within, worse);
    assertThat(kept.candidate()).contains("cls");
    assertThat(kept.sentence())
        .startsWith("Use cls, as the model itself does: Spearman of cosine 81.00")
        .contains("mean is 1.00 higher, which is within noise", "worse beyond noise: 1 of 3");
    Recommendation changed = recommend("max", best, within, worse);
    assertThat(changed.candidate()).contains("mean");
    assertThat(changed.sentence()).contains("the model's own max is 32.00 lower");
  }

  @Test
  void withoutScoresAndLabelsNothingIsSaidToBeBetter() {
    Figure shape = Figure.single(new Candidate("mean", 4), Measure.NEIGHBOUR_AGREEMENT, 0.25);
    Recommendation found = recommend("mean", shape);
    assertThat(found.sentence())
        .contains("Nothing here says which is better", "mean shares 25 %", "--pairs");
  }
}
