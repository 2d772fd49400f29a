package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.cli.analysis.ClusterCommand.Range;
import org.junit.jupiter.api.Test;

class ClusterRangeTest {
  @Test
  void aNumberIsBoundedByTheTrainingAndARangeByTheSample() {
    assertThat(Range.of("500").within(1000, 800, 100)).isEqualTo(new Range(500, 500));
    assertThat(Range.of("5..500").within(1000, 800, 100)).isEqualTo(new Range(5, 99));
    assertThat(Range.of("5..50").within(1000, 800, 100)).isEqualTo(new Range(5, 50));
  }

  @Test
  void theWayOutIsTheFlagThatBounds() {
    assertThatThrownBy(() -> Range.of("800").within(1000, 800, 100))
        .hasMessage(
            "k: found 800 clusters for 800 rows to train on; wanted are fewer clusters than rows."
                + " Raise --train-rows.");
    assertThatThrownBy(() -> Range.of("100..200").within(1000, 800, 100))
        .hasMessageContaining("100 clusters or more for a sample of 100 rows")
        .hasMessageEndingWith("Raise --choice-rows, or give one number.");
    assertThatThrownBy(() -> Range.of("800..900").within(1000, 800, 800))
        .hasMessageEndingWith("Raise --train-rows.");
    assertThatThrownBy(() -> Range.of("1000").within(1000, 1000, 100))
        .hasMessageEndingWith("These are all rows with a vector.");
  }
}
