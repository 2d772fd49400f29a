package io.embark.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What there is of ONNX Runtime and CUDA in this JVM, for reports. */
public final class RuntimeFacts {
  private RuntimeFacts() {}

  /** The version of the native library, e.g. {@code 1.23.2}. */
  public static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }

  /** Execution providers that this build carries; whether they can be used is another question. */
  public static List<String> providers() {
    OrtEnvironment.getEnvironment();
    return OrtEnvironment.getAvailableProviders().stream()
        .map(provider -> provider.name().toLowerCase(Locale.ROOT))
        .sorted()
        .toList();
  }

  /** The jars, one wanted, that hold ONNX Runtime's classes. */
  public static List<String> jars() throws IOException {
    String name = OrtEnvironment.class.getName().replace('.', '/') + ".class";
    return Collections.list(OrtEnvironment.class.getClassLoader().getResources(name)).stream()
        .map(URL::toString)
        .map(url -> url.replaceFirst("^jar:", "").replaceFirst("!.*", ""))
        .distinct()
        .toList();
  }

  /** The libraries that the CUDA provider needs: file and product, with the place or null. */
  public static Map<String, String> cudaLibraries() {
    return CudaLibraries.places();
  }
}
