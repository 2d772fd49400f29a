package io.embark.onnx;

import ai.onnxruntime.OrtEnvironment;

/** The native library that runs the models. */
public final class OnnxRuntime {
  private OnnxRuntime() {}

  /** Its version, for example {@code 1.23.2}. */
  public static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }
}
