package io.embark.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CostModelTest {
  /** 100,000 tokens/s, fed by four cores of 10 us a token and 100 us a row; 1,000 bytes a row. */
  private static CostModel model(double device, double storage) {
    return new CostModel(device, 4, 10, 100, 0, 30, 5, 1_000, storage);
  }

  @Test
  void theSlowestOfModelHostAndStorageSetsThePace() {
    // Of rows of 100 tokens the host feeds 4 / (10 + 1) us.
    assertThat(model(1, 1).hostTokensPerSecond(100)).isCloseTo(363_636, within(1.0));
    assertThat(model(100_000, 1e12).estimate(1e7, 100, 2, 2).bottleneck()).isEqualTo("model");
    assertThat(model(1_000_000, 1e12).estimate(1e7, 100, 2, 2).bottleneck()).isEqualTo("host");
    // 2 MB/s are 2,000 rows or 200,000 tokens a second, for both places.
    CostModel.Estimate slow = model(1_000_000, 2e6).estimate(1e7, 100, 2, 2);
    assertThat(slow.bottleneck()).isEqualTo("storage");
    assertThat(slow.seconds().get("embed")).isCloseTo(1e9 / 200_000, within(1.0));
  }

  @Test
  void timeIsTheSumOfItsPartsAndFallsWithPlaces() {
    CostModel model = model(100_000, 1e12);
    CostModel.Estimate one = model.estimate(1e7, 100, 1, 2);
    assertThat(one.total())
        .isEqualTo(one.seconds().values().stream().mapToDouble(Double::doubleValue).sum());
    assertThat(one.seconds().get("embed")).isCloseTo(10_000, within(1.0));
    CostModel.Estimate four = model.estimate(1e7, 100, 4, 2);
    assertThat(four.seconds().get("embed")).isCloseTo(2_500, within(1.0));
    assertThat(four.total()).isGreaterThan(2_500 + 30 + 5 - 1);
  }
}
