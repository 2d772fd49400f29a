package io.embark.spark.gpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Translates the GPU address that Spark gave a task into the index by which CUDA knows the device
 * in this process. The two differ where the process sees some devices of the host only: CUDA counts
 * those from 0, while a discovery script may have printed the host's own indices or UUIDs.
 *
 * @param cudaVisibleDevices CUDA_VISIBLE_DEVICES, or null if it is not set
 * @param nvidiaVisibleDevices NVIDIA_VISIBLE_DEVICES, which container runtimes set, or null
 * @param devices how many GPUs this process can open; 0 if that is not known
 */
public record GpuAddress(String cudaVisibleDevices, String nvidiaVisibleDevices, int devices) {
  private static final Logger LOG = LoggerFactory.getLogger(GpuAddress.class);
  private static final String WAY_OUT =
      " Let the discovery script print what this process can see, as conf/get-gpus.sh does.";

  public static GpuAddress ofThisProcess() {
    return new GpuAddress(
        System.getenv("CUDA_VISIBLE_DEVICES"),
        System.getenv("NVIDIA_VISIBLE_DEVICES"),
        deviceFiles(Path.of("/dev")));
  }

  /** The GPUs with a device file; a container has those of its own devices. 0 without a folder. */
  static int deviceFiles(Path folder) {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return (int) files.filter(f -> f.getFileName().toString().matches("nvidia\\d+")).count();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list " + folder, e);
    }
  }

  /** Whether CUDA is told to see no device at all. */
  public boolean hidesAll() {
    return cudaVisibleDevices != null && visible().isEmpty();
  }

  /**
   * The CUDA device index of an address.
   *
   * @param address a host's device index, {@code GPU-<uuid>} or {@code MIG-<uuid>}
   * @throws IllegalStateException if the address names no device that this process can see
   */
  public int index(String address) {
    String wanted = address.strip();
    if (!isIndex(wanted) && !isUuid(wanted)) {
      throw refused(wanted, "wanted a device index such as 0, a GPU-... or a MIG-... UUID.");
    }
    return cudaVisibleDevices != null ? amongVisible(wanted) : amongAll(wanted);
  }

  /** With CUDA_VISIBLE_DEVICES the index is the place in that list. */
  private int amongVisible(String wanted) {
    List<String> visible = visible();
    for (int i = 0; i < visible.size(); i++) {
      if (same(visible.get(i), wanted)) {
        return i;
      }
    }
    if (visible.size() == 1) {
      // There is no other device it could be; but two executors may now share one unknowingly.
      LOG.warn(
          "Spark gave this task GPU address {}, but this process sees one device only"
              + " (CUDA_VISIBLE_DEVICES={}): using that.{}",
          wanted,
          cudaVisibleDevices,
          WAY_OUT);
      return 0;
    }
    throw refused(
        wanted,
        "but CUDA_VISIBLE_DEVICES is '%s', which does not list it.".formatted(cudaVisibleDevices));
  }

  /** Without it, CUDA counts the devices it finds, which in a container may be fewer. */
  private int amongAll(String wanted) {
    if (wanted.startsWith("MIG-")) {
      // A process sees one slice of a GPU at most, and without a list always the first one.
      if (nvidiaVisibleDevices != null
          && nvidiaVisibleDevices.startsWith("MIG-")
          && !nvidiaVisibleDevices.contains(",")) {
        return 0;
      }
      throw refused(
          wanted,
          "but a process uses a MIG slice only when it sees no other: give each executor a"
              + " container of its own, or set CUDA_VISIBLE_DEVICES for it.");
    }
    if (devices == 1) {
      return 0;
    }
    if (!isIndex(wanted)) {
      throw refused(
          wanted,
          ("but CUDA_VISIBLE_DEVICES is not set and this process sees %s devices, so that its index"
                  + " is not known.")
              .formatted(devices == 0 ? "an unknown number of" : devices));
    }
    int index = Integer.parseInt(wanted);
    if (devices > 0 && index >= devices) {
      throw refused(wanted, "but this process sees %d devices only.".formatted(devices));
    }
    return index;
  }

  /** What CUDA reads: it stops at the first entry that is no device. */
  private List<String> visible() {
    return Arrays.stream(cudaVisibleDevices.split(",", -1))
        .map(String::strip)
        .takeWhile(entry -> isIndex(entry) || isUuid(entry))
        .toList();
  }

  /** CUDA takes the beginning of a UUID for the whole. */
  private static boolean same(String entry, String wanted) {
    if (isIndex(entry) || isIndex(wanted)) {
      return isIndex(entry)
          && isIndex(wanted)
          && Integer.parseInt(entry) == Integer.parseInt(wanted);
    }
    return entry.startsWith(wanted) || wanted.startsWith(entry);
  }

  private static boolean isIndex(String text) {
    return text.matches("\\d{1,4}");
  }

  private static boolean isUuid(String text) {
    return text.matches("(GPU|MIG)-[\\w/-]+");
  }

  private static IllegalStateException refused(String address, String why) {
    return new IllegalStateException(
        "Spark gave this task the GPU address '%s', %s%s".formatted(address, why, WAY_OUT));
  }
}
