package io.embark.natives;

import java.util.Locale;

/**
 * The platform of this JVM, as the jars with native libraries name it.
 *
 * @param onnxRuntime e.g. {@code linux-x64}
 * @param tokenizers e.g. {@code linux-x86_64}
 */
record Platform(String onnxRuntime, String tokenizers) {

  static Platform current() {
    return of(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  static Platform of(String osName, String osArch) {
    String name = osName.toLowerCase(Locale.ROOT);
    String os = name.contains("mac") ? "osx" : name.contains("win") ? "win" : "linux";
    boolean arm = osArch.equals("aarch64");
    return new Platform(os + (arm ? "-aarch64" : "-x64"), os + (arm ? "-aarch64" : "-x86_64"));
  }
}
