package io.embark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskSlotsTest {
  @ParameterizedTest
  @CsvSource({
    "local, 16, 1, 1",
    "local[1], 16, 1, 1",
    "local[3], 16, 1, 3",
    "'local[3, 2]', 16, 1, 3",
    "local[8], 16, 3, 2",
    "yarn, 16, 1, 16",
    "yarn, 16, 4, 4",
    "spark://host:7077, 2, 4, 1",
  })
  void slotsAreThoseOfTheMasterOrOfAnExecutor(String master, int cores, int cpus, int slots) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.master", master)
            .set("spark.executor.cores", Integer.toString(cores))
            .set("spark.task.cpus", Integer.toString(cpus));
    assertThat(ExecutorEmbedders.slots(conf)).isEqualTo(slots);
  }

  @Test
  void anExecutorWithoutANumberHasTheMachine() {
    int machine = Runtime.getRuntime().availableProcessors();
    SparkConf conf = new SparkConf(false);
    assertThat(ExecutorEmbedders.slots(conf.set("spark.master", "spark://host:7077")))
        .isEqualTo(machine);
    assertThat(ExecutorEmbedders.slots(conf.set("spark.master", "local[*]"))).isEqualTo(machine);
  }
}
