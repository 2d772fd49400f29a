package io.embark.onnx;

import java.util.Locale;

/** Where the user wants inference to run. */
public enum Device {
  /** The GPU if there is one that works, else the CPU with one warning. */
  AUTO,
  /** The CPU, whatever else there is. */
  CPU,
  /** An NVIDIA GPU, or an error that says why not. */
  CUDA;

  /** The name used on the command line and in files, e.g. {@code auto}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a device by its name in any case.
   *
   * @throws IllegalArgumentException naming the known devices
   */
  public static Device of(String text) {
    for (Device device : values()) {
      if (device.name().equalsIgnoreCase(text.strip())) {
        return device;
      }
    }
    throw new IllegalArgumentException("unknown device '" + text + "'; known are auto, cpu, cuda.");
  }
}
