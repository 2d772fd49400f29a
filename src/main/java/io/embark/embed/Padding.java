package io.embark.embed;

import io.embark.UserError;
import io.embark.onnx.DeviceChoice;
import java.util.Arrays;
import java.util.Locale;

/** Whether batches hold texts of different lengths, the shorter ones filled up. */
public enum Padding {
  /** On a GPU, and where the model's attention is not recognised. */
  AUTO,
  ALWAYS;

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean on(DeviceChoice device) {
    return this == ALWAYS || device.isGpu();
  }

  /**
   * @throws UserError naming the known ones
   */
  public static Padding of(String text) {
    return Arrays.stream(values())
        .filter(value -> value.label().equalsIgnoreCase(text.strip()))
        .findFirst()
        .orElseThrow(() -> new UserError("found '" + text + "', wanted auto or always."));
  }
}
