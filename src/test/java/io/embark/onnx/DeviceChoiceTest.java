package io.embark.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DeviceChoiceTest {
  private static final boolean GPU_HERE =
      Files.exists(Path.of("/dev/nvidiactl")) || Files.exists(Path.of("/dev/dxg"));

  @Test
  void theCpuIsAlwaysThere() {
    assertThat(DeviceChoice.of(Device.CPU, 3)).isEqualTo(DeviceChoice.CPU);
    assertThat(DeviceChoice.CPU.isGpu()).isFalse();
    assertThat(DeviceChoice.CPU.label()).isEqualTo("cpu");
    assertThat(new DeviceChoice(Device.CUDA, 1).label()).isEqualTo("cuda:1");
  }

  @Test
  void autoFallsBackToTheCpu() {
    assumeThat(GPU_HERE).isFalse();
    assertThat(DeviceChoice.of(Device.AUTO, 0)).isEqualTo(DeviceChoice.CPU);
  }

  /** Unpacks ONNX Runtime's CUDA libraries, some 370 MB. */
  @Test
  void cudaThatIsNotThereFailsWithTheReason() {
    assumeThat(GPU_HERE).isFalse();
    assertThatThrownBy(() -> DeviceChoice.of(Device.CUDA, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("CUDA device 2")
        .hasMessageContaining("device auto")
        .satisfiesAnyOf(
            // The GPU build on Linux, where the library is named, and the CPU build.
            e -> assertThat(e).hasMessageContaining("libcudnn.so.9 (cuDNN 9)"),
            e -> assertThat(e).hasMessageContaining("CUDA provider could not be loaded"),
            e -> assertThat(e).hasMessageContaining("CPU-only artifact"));
  }

  @Test
  void tensorRtNamesItsOwnLibrariesToo() {
    assumeThat(GPU_HERE).isFalse();
    assertThatThrownBy(() -> DeviceChoice.of(Device.TENSORRT, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("TENSORRT device 0")
        .satisfiesAnyOf(
            e ->
                assertThat(e)
                    .hasMessageContaining("libnvinfer.so.10 (TensorRT 10)")
                    .hasMessageContaining("libcudart.so.12"),
            e -> assertThat(e).hasMessageContaining("TENSORRT provider could not be loaded"),
            e -> assertThat(e).hasMessageContaining("CPU-only artifact"));
  }

  @Test
  void theSameQuestionGetsTheSameAnswerAndAutoEqualsTheCpu() {
    assumeThat(GPU_HERE).isFalse();
    assertThat(DeviceChoice.of(Device.AUTO, 3)).isEqualTo(DeviceChoice.of(Device.AUTO, 0));
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> DeviceChoice.of(Device.CUDA, 2))
          .hasMessageContaining("CUDA device 2");
    }
    assertThat(new DeviceChoice(Device.TENSORRT, 1).label()).isEqualTo("tensorrt:1");
  }
}
