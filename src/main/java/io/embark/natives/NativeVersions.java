package io.embark.natives;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * The versions of the two libraries with native code.
 *
 * @param onnxRuntime e.g. {@code 1.23.2}
 * @param tokenizers e.g. {@code 0.21.0-0.36.0}: of the Rust library and of its Java side
 * @param platform e.g. {@code linux-x64}
 */
record NativeVersions(String onnxRuntime, String tokenizers, String platform) {
  private static final String UNKNOWN = "unknown";

  /** What the jars on the class path say of themselves, without loading anything native. */
  static NativeVersions ofClassPath() {
    ClassLoader loader = NativeVersions.class.getClassLoader();
    try {
      String runtime =
          Class.forName("ai.onnxruntime.OrtEnvironment", false, loader)
              .getPackage()
              .getImplementationVersion();
      Properties tokenizers = new Properties();
      try (InputStream in = loader.getResourceAsStream(NativeJars.TOKENIZERS_VERSION)) {
        if (in != null) {
          tokenizers.load(in);
        }
      }
      return new NativeVersions(
          runtime == null ? UNKNOWN : runtime,
          tokenizers.getProperty("version", UNKNOWN),
          Platform.current().onnxRuntime());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("ONNX Runtime is not on the class path", e);
    }
  }

  @Override
  public String toString() {
    return "ONNX Runtime %s and tokenizers %s for %s".formatted(onnxRuntime, tokenizers, platform);
  }
}
