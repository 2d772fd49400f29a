package io.embark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SlotsTest {
  @Test
  void anExecutorsSlotsAreThoseAskedForElseThoseThatAreThere() {
    SparkConf conf = new SparkConf(false);
    assertThat(Slots.ofExecutor(conf, 12, 3)).isEqualTo(4);
    assertThat(Slots.ofExecutor(conf, 0, 0)).isEqualTo(1);
    conf.set("spark.executor.cores", "8");
    assertThat(Slots.ofExecutor(conf, 12, 3)).isEqualTo(8);
    conf.set("spark.task.cpus", "2");
    assertThat(Slots.ofExecutor(conf, 12, 3)).isEqualTo(4);
  }

  /** Of 16 cores no more work at once than tasks may have a part of a GPU. */
  @Test
  void gpusBoundTheSlotsOfAnExecutor() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.executor.cores", "16")
            .set("spark.executor.resource.gpu.amount", "2");
    assertThat(Slots.ofExecutor(conf, 0, 0)).isEqualTo(16);
    conf.set("spark.task.resource.gpu.amount", "0.25");
    assertThat(Slots.ofExecutor(conf, 0, 0)).isEqualTo(8);
  }
}
