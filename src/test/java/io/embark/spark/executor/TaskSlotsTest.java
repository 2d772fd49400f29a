package io.embark.spark.executor;

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
    assertThat(ExecutorSettings.taskSlots(conf, "Main")).isEqualTo(slots);
  }

  @Test
  void anExecutorGoesByWhatItsClusterManagerGaveIt() {
    SparkConf conf = new SparkConf(false).set("spark.master", "spark://host:7077");
    String executor =
        "org.apache.spark.executor.CoarseGrainedExecutorBackend --driver-url spark://a:1"
            + " --executor-id 0 --hostname b --cores 12 --app-id app-1";
    assertThat(ExecutorSettings.taskSlots(conf, executor)).isEqualTo(12);
    assertThat(ExecutorSettings.taskSlots(conf.set("spark.task.cpus", "5"), executor)).isEqualTo(2);
    // Nothing is known, so nothing is lent.
    assertThat(ExecutorSettings.taskSlots(conf.set("spark.task.cpus", "1"), "Main")).isEqualTo(1);
  }

  @Test
  void allOfTheMachineIsAllOfTheMachine() {
    SparkConf conf = new SparkConf(false).set("spark.master", "local[*]");
    assertThat(ExecutorSettings.taskSlots(conf, "Main --cores 99"))
        .isEqualTo(Runtime.getRuntime().availableProcessors());
  }
}
