package io.embark.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ExecutorSettingsTest {

  @Test
  void comeFromSparksConfiguration() {
    assertThat(ExecutorSettings.of(new SparkConf(false)))
        .isEqualTo(new ExecutorSettings(4, Duration.ofMinutes(30)));
    SparkConf conf =
        new SparkConf(false)
            .set("spark.embark.executor.models", "1")
            .set("spark.embark.executor.idle-minutes", "5");
    assertThat(ExecutorSettings.of(conf)).isEqualTo(new ExecutorSettings(1, Duration.ofMinutes(5)));
    assertThatThrownBy(
            () -> ExecutorSettings.of(conf.clone().set("spark.embark.executor.models", "0")))
        .hasMessageContaining("'0'")
        .hasMessageContaining("from 1 to 1000");
    assertThatThrownBy(
            () -> ExecutorSettings.of(conf.clone().set("spark.embark.executor.idle", "5")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("spark.embark.executor.idle is set")
        .hasMessageContaining("spark.embark.executor.idle-minutes");
  }
}
