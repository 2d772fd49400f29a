package io.embark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.onnx.Device;
import io.embark.onnx.DeviceChoice;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ExecutorEmbeddersTest {

  @Test
  void withoutAGpuAllAddressesAreTheCpu() {
    SettledDevices devices = new SettledDevices((d, i) -> DeviceChoice.CPU, System::nanoTime);
    assertThat(devices.of(Device.AUTO, 0)).isEqualTo(devices.of(Device.AUTO, 1));
  }

  @Test
  void eachGpuIsSettledOnce() {
    AtomicInteger asked = new AtomicInteger();
    SettledDevices devices =
        new SettledDevices(
            (d, i) -> {
              asked.incrementAndGet();
              return new DeviceChoice(i);
            },
            System::nanoTime);
    for (int task = 0; task < 10; task++) {
      assertThat(devices.of(Device.CUDA, task % 2).gpu()).isEqualTo(task % 2);
    }
    assertThat(asked).hasValue(2);
  }

  @Test
  void aRefusalIsRememberedForTheRetriesOfATaskButNotForGood() {
    AtomicInteger asked = new AtomicInteger();
    AtomicLong nanos = new AtomicLong();
    SettledDevices devices =
        new SettledDevices(
            (d, i) -> {
              throw new IllegalStateException("refusal " + asked.incrementAndGet());
            },
            nanos::get);
    for (int attempt = 0; attempt < 4; attempt++) {
      assertThatThrownBy(() -> devices.of(Device.CUDA, 0)).hasMessage("refusal 1");
    }
    assertThatThrownBy(() -> devices.of(Device.CUDA, 1)).hasMessage("refusal 2");
    nanos.addAndGet(Duration.ofMinutes(2).toNanos());
    assertThatThrownBy(() -> devices.of(Device.CUDA, 0)).hasMessage("refusal 3");
  }

  @Test
  void settingsOfTheJvmComeFromSparksConfiguration() {
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
