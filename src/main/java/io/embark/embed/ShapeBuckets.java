package io.embark.embed;

import io.embark.Choice;
import io.embark.onnx.DeviceChoice;

/** Whether the shapes of batches are rounded up. */
public enum ShapeBuckets implements Choice {
  /** On a GPU. */
  AUTO,
  ON,
  OFF;

  boolean on(DeviceChoice device) {
    return this == ON || this == AUTO && device.isGpu();
  }
}
