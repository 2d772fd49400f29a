package io.embark.onnx;

import io.embark.Choice;
import io.embark.UserError;

/** The device that a user asks for. */
public enum Device implements Choice {
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

  /** Whether a GPU is asked for and nothing else will do. */
  public boolean needsGpu() {
    return this == CUDA || this == TENSORRT;
  }

  /**
   * @throws UserError naming the known devices
   */
  public static Device of(String text) {
    return Choice.of(Device.class, "device", text);
  }
}
