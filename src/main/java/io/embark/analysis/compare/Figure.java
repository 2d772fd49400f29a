package io.embark.analysis.compare;

import io.embark.analysis.measure.Interval;
import java.util.Arrays;
import java.util.Optional;

/**
 * What one measure found for one candidate.
 *
 * @param replicates as the measure's {@link Spread} says; the same index is the same draw, split or
 *     seed for every candidate. Empty where there is no spread.
 */
public record Figure(Candidate candidate, Measure measure, double value, double[] replicates) {

  /** A figure that is the mean of its replicates. */
  static Figure meanOf(Candidate candidate, Measure measure, double[] replicates) {
    double mean = Arrays.stream(replicates).average().orElse(Double.NaN);
    return new Figure(candidate, measure, mean, replicates);
  }

  /** A figure without spread. */
  static Figure single(Candidate candidate, Measure measure, double value) {
    return new Figure(candidate, measure, value, new double[0]);
  }

  /** Whether there is a figure: of what does not vary there is no correlation. */
  boolean isNumber() {
    return !Double.isNaN(value);
  }

  /** Where the figure lies with 95 % confidence, if that is known. */
  public Optional<Interval> interval() {
    return measure.spread().interval(replicates);
  }

  /** This less another figure of the same measure. */
  double minus(Figure other) {
    return value - other.value;
  }

  /** Where the difference to another figure lies, replicate by replicate. */
  Optional<Interval> intervalOfDifference(Figure other) {
    double[] differences = new double[replicates.length];
    for (int i = 0; i < differences.length; i++) {
      differences[i] = replicates[i] - other.replicates[i];
    }
    return measure.spread().interval(differences);
  }
}
