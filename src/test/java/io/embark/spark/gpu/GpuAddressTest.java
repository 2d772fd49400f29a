package io.embark.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuAddressTest {
  private static final String A = "GPU-aaaa1111-2222-3333-4444-555566667777";
  private static final String B = "GPU-bbbb1111-2222-3333-4444-555566667777";
  private static final String SLICE = "MIG-cccc1111-2222-3333-4444-555566667777";

  /** N stands for a variable that is not set. */
  @ParameterizedTest(name = "address {0}, CUDA_VISIBLE_DEVICES {1}, {2} devices: index {3}")
  @CsvSource(
      nullValues = "N",
      value = {
        // A shared host: CUDA and nvidia-smi count alike.
        "0, N, 4, 0",
        "3, N, 4, 3",
        // How many devices there are is not known, as in WSL.
        "3, N, 0, 3",
        // A container with one device, handed out under the host's index or its UUID.
        "2, N, 1, 0",
        A + ", N, 1, 0",
        // Some devices of the host: the place in the list counts.
        "2, '2,3', 4, 0",
        "3, '2,3', 4, 1",
        "3, ' 3 , 1', 4, 0",
        "1, '3,1', 4, 1",
        "02, '2,3', 4, 0",
        A + ", '" + B + "," + A + "', 4, 1",
        // CUDA takes the beginning of a UUID.
        A + ", 'GPU-bbbb,GPU-aaaa', 4, 1",
        SLICE + ", " + SLICE + ", 1, 0",
        // One device is visible: no other can be meant.
        "0, '2', 4, 0",
        "0, " + A + ", 1, 0",
        // CUDA stops reading at an entry that is no device.
        "3, '2,-1,3', 4, 0",
      })
  void isTheIndexInThisProcess(String address, String visible, int devices, int index) {
    assertThat(new GpuAddress(visible, null, devices).index(address)).isEqualTo(index);
  }

  @Test
  void aSliceWithoutAListIsTheOneOfTheContainer() {
    assertThat(new GpuAddress(null, SLICE, 1).index(SLICE)).isZero();
    for (String nvidia : new String[] {null, "all", SLICE + "," + SLICE}) {
      assertThatThrownBy(() -> new GpuAddress(null, nvidia, 1).index(SLICE))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(SLICE)
          .hasMessageContaining("container");
    }
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "N",
      value = {
        "5, N, 2, this process sees 2 devices only",
        A + ", N, 2, this process sees 2 devices",
        A + ", N, 0, an unknown number of devices",
        "0, '2,3', 4, 'CUDA_VISIBLE_DEVICES is ''2,3'', which does not list it'",
        "0, '" + A + "," + B + "', 2, which does not list it",
        "gpu0, N, 2, wanted a device index",
        "'', N, 2, wanted a device index",
        "-1, N, 2, wanted a device index",
        "99999999999, N, 2, wanted a device index",
      })
  void refusesWhatNamesNoVisibleDevice(String address, String visible, int devices, String why) {
    GpuAddress gpus = new GpuAddress(visible, null, devices);
    assertThatThrownBy(() -> gpus.index(address))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'" + address + "'")
        .hasMessageContaining(why)
        .hasMessageContaining("discovery script");
  }

  @Test
  void knowsThatAllDevicesAreHidden() {
    for (String hides : List.of("", " ", "-1", "none", "NoDevFiles")) {
      assertThat(new GpuAddress(hides, null, 2).hidesAll()).as(hides).isTrue();
    }
    assertThat(new GpuAddress(null, null, 2).hidesAll()).isFalse();
    assertThat(new GpuAddress("0", null, 2).hidesAll()).isFalse();
  }

  @Test
  void aTaskWithSeveralAddressesTakesTurns() {
    String[] two = {"4", "7"};
    assertThat(TaskGpu.choose(two, 10)).isEqualTo("4");
    assertThat(TaskGpu.choose(two, 11)).isEqualTo("7");
    assertThat(TaskGpu.choose(new String[] {"4"}, 11)).isEqualTo("4");
    assertThat(TaskGpu.choose(new String[0], 11)).isNull();
    assertThat(TaskGpu.address(null)).isNull();
  }

  @Test
  void countsDeviceFiles(@TempDir Path dev) throws IOException {
    for (String name : List.of("nvidia0", "nvidia11", "nvidiactl", "nvidia-uvm", "null")) {
      Files.createFile(dev.resolve(name));
    }
    assertThat(GpuAddress.deviceFiles(dev)).isEqualTo(2);
    assertThat(GpuAddress.deviceFiles(dev.resolve("absent"))).isZero();
  }
}
