package io.embark.embed;

import io.embark.UserError;
import io.embark.onnx.DeviceChoice;
import java.util.Arrays;
import java.util.Locale;

/** Whether the shapes of batches are rounded up. */
public enum ShapeBuckets {
  /** On a GPU. */
  AUTO,
  ON,
  OFF;

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean on(DeviceChoice device) {
    return this == ON || this == AUTO && device.isGpu();
  }

  /**
   * @throws UserError naming the known ones
   */
  public static ShapeBuckets of(String text) {
    return Arrays.stream(values())
        .filter(value -> value.label().equalsIgnoreCase(text.strip()))
        .findFirst()
        .orElseThrow(() -> new UserError("found '" + text + "', wanted auto, on or off."));
  }
}
