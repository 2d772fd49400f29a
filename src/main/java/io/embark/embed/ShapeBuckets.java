package io.embark.embed;

import io.embark.Choice;
import io.embark.onnx.DeviceChoice;

/** Rounding of the shapes of batches, so that few different ones occur. */
public enum ShapeBuckets implements Choice {
  /** On a GPU. */
  AUTO,
  ON,
  OFF;

  boolean on(DeviceChoice device) {
    return this == ON || this == AUTO && device.isGpu();
  }
}
