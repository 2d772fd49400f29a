package io.embark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.job.PartitionPlan.Step;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PartitionPlanTest {
  private static final TaskSize SIZE = new TaskSize(1_000, 20_000, 400_000);

  private static PartitionPlan plan(int slots, long... loads) {
    return PartitionPlan.of(loads, slots, SIZE);
  }

  private static long[] equal(int splits, long tokens) {
    long[] loads = new long[splits];
    Arrays.fill(loads, tokens);
    return loads;
  }

  @Test
  void fewRowsStayOneTask() {
    assertThat(plan(200, 36)).extracting("step", "tasks").containsExactly(Step.KEEP, 1);
    assertThat(plan(200)).extracting("step", "tasks").containsExactly(Step.KEEP, 0);
  }

  @Test
  void evenSplitsStay() {
    assertThat(plan(8, equal(32, 30_000)).step()).isEqualTo(Step.KEEP);
    assertThat(plan(8, equal(8, 30_000)).step()).isEqualTo(Step.KEEP);
  }

  @Test
  void fewSplitsAreCut() {
    PartitionPlan plan = plan(8, 1_000_000);
    assertThat(plan.step()).isEqualTo(Step.CUT);
    assertThat(plan.tasks()).isBetween(8, 32);
    assertThat(plan.reason()).contains("1 splits", "8 slots", "cut into");
  }

  @Test
  void oneLargeSplitAmongManyIsCut() {
    long[] loads = equal(64, 1_000);
    loads[63] = 1_000_000;
    assertThat(plan(8, loads).step()).isEqualTo(Step.CUT);
  }

  @Test
  void splitsOfAnHourAreCutHoweverEven() {
    assertThat(plan(2, equal(4, 10 * SIZE.most())))
        .extracting("step", "tasks")
        .containsExactly(Step.CUT, 40);
  }

  @Test
  void manyTinySplitsAreJoined() {
    PartitionPlan plan = plan(4, equal(5_000, 100));
    assertThat(plan.step()).isEqualTo(Step.JOIN);
    assertThat(plan.tasks()).isBetween(4, 16);
  }

  @Test
  void splitsOfAParquetFileWithOneRowGroupAreCut() {
    long[] loads = equal(16, 0);
    loads[7] = 500_000;
    assertThat(plan(8, loads).step()).isEqualTo(Step.CUT);
  }

  /** Whatever comes in, the last task ends soon after the even split would, or tasks are tiny. */
  @Test
  void noPlanLeavesAStraggler() {
    Random random = new Random(1);
    for (int trial = 0; trial < 2_000; trial++) {
      int slots = 1 + random.nextInt(64);
      long[] loads =
          IntStream.range(0, random.nextInt(400))
              .mapToLong(i -> (long) Math.exp(random.nextDouble() * 16))
              .toArray();
      long total = Arrays.stream(loads).sum();
      PartitionPlan plan = plan(slots, loads);
      long[] after =
          switch (plan.step()) {
            case KEEP -> loads;
            case JOIN -> joined(loads, plan.tasks());
            case CUT -> equal(plan.tasks(), total / plan.tasks());
          };
      int wanted = PartitionPlan.tasks(total, slots, SIZE);
      double best = (double) total / Math.min(slots, wanted);
      assertThat(PartitionPlan.lastEnd(after, slots))
          .as("trial %d: %s", trial, plan)
          .isLessThanOrEqualTo((long) (1.2 * best) + 2 * SIZE.negligible());
      assertThat(plan.tasks()).isLessThanOrEqualTo(Math.max(loads.length, wanted));
      if (plan.step() == Step.CUT) {
        assertThat(total / plan.tasks()).isLessThanOrEqualTo(SIZE.most());
      }
    }
  }

  private static long[] joined(long[] loads, int groups) {
    long[] sums = new long[groups];
    for (int i = 0; i < loads.length; i++) {
      sums[(int) ((long) i * groups / loads.length)] += loads[i];
    }
    return sums;
  }

  /** Rows laid end to end and cut: no task gets more than its share and one row. */
  @Test
  void aCutIsEvenToWithinOneRow() {
    Random random = new Random(2);
    for (int trial = 0; trial < 500; trial++) {
      int tasks = 1 + random.nextInt(40);
      long[] rows =
          IntStream.range(0, 1 + random.nextInt(3_000))
              .mapToLong(i -> 2 + (long) Math.exp(random.nextDouble() * 6))
              .toArray();
      long total = Arrays.stream(rows).sum();
      long[] sums = new long[tasks];
      long at = 0;
      for (long row : rows) {
        sums[EvenCut.task(at, total, tasks)] += row;
        at += row;
      }
      assertThat(Arrays.stream(sums).max().orElseThrow())
          .isLessThanOrEqualTo(total / tasks + 1 + Arrays.stream(rows).max().orElseThrow());
    }
  }

  @Test
  void rowsBeyondWhatWasMeasuredGoToTheLastTask() {
    assertThat(EvenCut.task(150, 100, 4)).isEqualTo(3);
    assertThat(EvenCut.task(0, 0, 4)).isZero();
  }
}
