package io.embark.embed;

import io.embark.Choice;
import io.embark.onnx.DeviceChoice;

/** Batches of texts of different lengths, the shorter ones filled up. */
public enum Padding implements Choice {
  /** On a GPU, and where the model's attention is not recognised. */
  AUTO,
  ALWAYS;

  boolean on(DeviceChoice device) {
    return this == ALWAYS || device.isGpu();
  }
}
