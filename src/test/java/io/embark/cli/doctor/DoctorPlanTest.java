package io.embark.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.cli.doctor.SessionProbe.Speed;
import io.embark.cli.doctor.SessionProbe.Speeds;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class DoctorPlanTest {
  private static final double TOKENIZED = 200_000;

  private static SparkConf conf(String... settings) {
    SparkConf conf = new SparkConf(false);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set(settings[i], settings[i + 1]);
    }
    return conf;
  }

  private static List<Place> places(int count, boolean gpu, double tokensPerSecond) {
    return IntStream.range(0, count)
        .mapToObj(
            i -> {
              Place place = new Place("" + i, "host", "");
              place.gpu = gpu;
              place.speeds = new Speeds(1_024, List.of(new Speed(128, tokensPerSecond)));
              return place;
            })
        .toList();
  }

  /** One executor of four cores is there; dynamic allocation may start 50. */
  @Test
  void executorsToComeLendNoThreadsToThoseThatAreThere() {
    SparkConf conf =
        conf(
            "spark.dynamicAllocation.enabled",
            "true",
            "spark.dynamicAllocation.maxExecutors",
            "50",
            "spark.executor.cores",
            "4");
    assertThat(DoctorRun.threads(conf, false, 4, 1)).isEqualTo(4);
    assertThat(DoctorRun.threads(conf.set("spark.task.cpus", "2"), false, 2, 1)).isEqualTo(2);
    assertThat(DoctorRun.threads(conf.set("spark.task.cpus", "8"), false, 0, 1)).isEqualTo(1);
  }

  @Test
  void withoutCoresAskedForThreadsAreTheSlotsThatAreThere() {
    assertThat(DoctorRun.threads(conf("spark.executor.instances", "9"), false, 6, 3)).isEqualTo(2);
    assertThat(DoctorRun.threads(conf(), false, 0, 0)).isEqualTo(1);
    assertThat(DoctorRun.threads(conf("spark.executor.cores", "8"), true, 2, 1)).isEqualTo(2);
    String share = "spark.task.resource.gpu.amount";
    assertThat(DoctorRun.threads(conf(share, "0.25"), false, 16, 1)).isEqualTo(4);
  }

  @Test
  void placesToComeAreAsFastAsThoseMeasured() {
    DoctorPlan one = DoctorPlan.of(places(1, false, 4_000), TOKENIZED, 4, 200, 1, 1_000_000, 128);
    assertThat(one.tokensPerSecond()).isCloseTo(200_000, within(1e-6));
    assertThat(one.slots()).isEqualTo(200);
    assertThat(one.measuredSlots()).isEqualTo(4);
    // The same cluster once all have come: the same plan.
    DoctorPlan all = DoctorPlan.of(places(50, false, 4_000), TOKENIZED, 4, 200, 1, 1_000_000, 128);
    assertThat(all.tokensPerSecond()).isCloseTo(200_000, within(1e-6));
    assertThat(all.measuredSlots()).isEqualTo(200);
    assertThat(one.partitions()).isEqualTo(all.partitions());
    assertThat(one.seconds()).isCloseTo(all.seconds(), within(1e-6));
    // Executors that came after slots were counted.
    assertThat(DoctorPlan.of(places(3, false, 4_000), TOKENIZED, 4, 8, 1, 0, 128).tokensPerSecond())
        .isCloseTo(12_000, within(1e-6));
  }

  /** Two tasks tokenise for a GPU of 200,000 tokens a second, whoever measured it with four. */
  @Test
  void tasksOfGpusToComeAreCounted() {
    DoctorPlan plan = DoctorPlan.of(places(1, true, 200_000), TOKENIZED, 4, 12, 1, 1_000_000, 128);
    assertThat(plan.tasksPerGpu()).isEqualTo(2);
    assertThat(plan.tokensPerSecond()).isCloseTo(600_000, within(1e-6));
    assertThat(plan.partitions() % 6).isZero();
  }
}
