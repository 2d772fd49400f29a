package io.embark.natives;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * A jar on the class path that carries native libraries.
 *
 * @param witness a resource that only this jar has
 * @param folder where in the jar the libraries of this platform lie, ending in a slash
 */
record NativeJars(String witness, String folder) {
  /** The platform as the jars name it, e.g. {@code linux-x64} and {@code linux-x86_64}. */
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

  static final String TOKENIZERS_VERSION = "native/lib/tokenizers.properties";

  static NativeJars onnxRuntime() {
    return new NativeJars(
        "ai/onnxruntime/OrtEnvironment.class",
        "ai/onnxruntime/native/" + Platform.current().onnxRuntime() + "/");
  }

  static NativeJars tokenizers() {
    return new NativeJars(
        TOKENIZERS_VERSION, "native/lib/" + Platform.current().tokenizers() + "/cpu/");
  }

  /** Whether the library this platform needs first is there. */
  boolean hasNatives() {
    ClassLoader loader = NativeJars.class.getClassLoader();
    return loader.getResource(folder + System.mapLibraryName("onnxruntime")) != null;
  }

  Path file() {
    try (JarFile jar = open()) {
      return Path.of(jar.getName());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies this platform's libraries; gives the bytes of each by file name, if there are any. */
  Map<String, Long> extract(Path target) throws IOException {
    Map<String, Long> sizes = new TreeMap<>();
    try (JarFile jar = open()) {
      List<JarEntry> libraries =
          jar.stream().filter(e -> !e.isDirectory() && e.getName().startsWith(folder)).toList();
      for (JarEntry library : libraries) {
        String name = library.getName().substring(folder.length());
        try (InputStream in = jar.getInputStream(library)) {
          sizes.put(name, Files.copy(in, target.resolve(name)));
        }
      }
    }
    return sizes;
  }

  private JarFile open() throws IOException {
    URL url = NativeJars.class.getClassLoader().getResource(witness);
    if (url == null || !url.getProtocol().equals("jar")) {
      throw new IOException("No jar with " + witness + " on the class path; found " + url);
    }
    JarURLConnection connection = (JarURLConnection) url.openConnection();
    connection.setUseCaches(false);
    return connection.getJarFile();
  }
}
