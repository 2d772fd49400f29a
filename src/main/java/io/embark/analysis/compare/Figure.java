package io.embark.analysis.compare;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.measure.Interval;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;

/**
 * The value of one measure for one candidate.
 *
 * @param value NaN if there is none: of what does not vary there is no correlation
 * @param replicates by {@link Measure.Spread}; the same index is the same draw, split or seed for
 *     every candidate. Empty where there is no spread.
 */
public record Figure(Candidate candidate, Measure measure, double value, double[] replicates)
    implements Serializable {
  static Figure meanOf(Candidate candidate, Measure measure, double[] replicates) {
    double mean = Arrays.stream(replicates).average().orElse(Double.NaN);
    return new Figure(candidate, measure, mean, replicates);
  }

  /** A figure without spread. */
  static Figure single(Candidate candidate, Measure measure, double value) {
    return new Figure(candidate, measure, value, new double[0]);
  }

  boolean isNumber() {
    return !Double.isNaN(value);
  }

  /** Where the figure lies with 95 % confidence, if that is known. */
  public Optional<Interval> interval() {
    return measure.spread.interval(replicates);
  }

  /** Where the difference to another figure of the measure lies, replicate by replicate. */
  Optional<Interval> intervalOfDifference(Figure other) {
    double[] differences = new double[replicates.length];
    Arrays.setAll(differences, i -> replicates[i] - other.replicates[i]);
    return measure.spread.interval(differences);
  }
}
