package io.embark.onnx;

import io.embark.UserError;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where the user wants inference to run. */
public enum Device {
  /** The GPU through CUDA if there is one that works, else the CPU with one warning. */
  AUTO,
  /** The CPU, whatever else there is. */
  CPU,
  /** An NVIDIA GPU, or an error that says why not. */
  CUDA,
  /**
   * An NVIDIA GPU through TensorRT, which compiles the graph for it; what TensorRT cannot run goes
   * to CUDA. An error says why not.
   */
  TENSORRT;

  /** The name used on the command line and in files, e.g. {@code auto}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether a GPU is asked for and nothing else will do. */
  public boolean needsGpu() {
    return this == CUDA || this == TENSORRT;
  }

  /** The names of all, separated by {@code separator}. */
  public static String labels(String separator) {
    return Arrays.stream(values()).map(Device::label).collect(Collectors.joining(separator));
  }

  /**
   * Reads a device by its name in any case.
   *
   * @throws UserError naming the known devices
   */
  public static Device of(String text) {
    for (Device device : values()) {
      if (device.name().equalsIgnoreCase(text.strip())) {
        return device;
      }
    }
    throw new UserError("unknown device '" + text + "'; known are " + labels(", ") + ".");
  }
}
