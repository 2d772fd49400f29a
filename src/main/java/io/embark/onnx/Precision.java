package io.embark.onnx;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.onnx.int8.Int8Model;

/** The numbers that a session multiplies on a CPU. */
public enum Precision implements Choice {
  /** As the model's file holds them. */
  FLOAT,
  /** 8-bit integers where weights are multiplied, see {@link Int8Model}. */
  INT8;

  /**
   * @throws UserError if this is for CPUs and the device is a GPU
   */
  void requireFor(DeviceChoice device) {
    if (this == INT8 && device.isGpu()) {
      throw new UserError(
          ("precision int8 is for CPUs: ONNX Runtime has no such operators for %s and would carry"
                  + " every layer's values to the host and back. Use device cpu, or precision float"
                  + " (with gpu-tf32, or device tensorrt and gpu-tensorrt-fp16, for speed).")
              .formatted(device.label()));
    }
  }
}
