package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class TaskSizeTest {
  private static final TaskSize SIZE = new TaskSize(1_000, 20_000, 400_000);

  @Test
  void fewTokensAreOneTask() {
    assertThat(SIZE.tasks(0, 200)).isOne();
    assertThat(SIZE.tasks(36, 200)).isOne();
    assertThat(SIZE.tasks(3_500, 200)).isEqualTo(4);
  }

  @Test
  void everySlotGetsSomethingBeforeOneGetsTwo() {
    assertThat(SIZE.tasks(8 * 20_000, 8)).isEqualTo(8);
    assertThat(SIZE.tasks(8 * 40_000, 8)).isEqualTo(16);
  }

  @Test
  void moreThanFourWavesOnlyWhereTasksWouldTakeTooLong() {
    assertThat(SIZE.tasks(8 * 400_000, 8)).isEqualTo(32);
    assertThat(SIZE.tasks(40 * 400_000, 2)).isEqualTo(40);
  }

  @Test
  void tasksAreWholeWavesAndNotTooLarge() {
    Random random = new Random(1);
    for (int trial = 0; trial < 2_000; trial++) {
      int slots = 1 + random.nextInt(64);
      long tokens = (long) Math.exp(random.nextDouble() * 22);
      int tasks = SIZE.tasks(tokens, slots);
      assertThat(tokens / tasks).isLessThanOrEqualTo(SIZE.most());
      if (tasks > slots) {
        assertThat(tasks % slots).as("%d tokens, %d slots", tokens, slots).isZero();
        assertThat(tokens / tasks).isGreaterThanOrEqualTo(SIZE.least());
      }
    }
  }

  @Test
  void slotsThatIdleInTheLastWaveCount() {
    assertThat(TaskSize.embedSeconds(1_000, 10, 4, 8)).isEqualTo(100);
    assertThat(TaskSize.embedSeconds(1_000, 10, 4, 5)).isEqualTo(160);
  }
}
