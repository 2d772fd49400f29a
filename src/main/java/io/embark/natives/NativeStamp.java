package io.embark.natives;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * A file in a folder of native libraries that says what they are.
 *
 * @param sizes bytes of each library, by file name; tells a folder that was copied by halves
 */
record NativeStamp(Versions versions, Map<String, Long> sizes) {
  static final String FILE = "embark-natives.properties";
  private static final String SIZE = "size.";

  /**
   * The versions of the two libraries with native code.
   *
   * @param tokenizers of the Rust library and of its Java side, e.g. {@code 0.21.0-0.36.0}
   */
  record Versions(String onnxRuntime, String tokenizers, String platform) {
    private static final String UNKNOWN = "unknown";

    /** As the jars on the class path state them, without loading anything native. */
    static Versions ofClassPath() {
      ClassLoader loader = Versions.class.getClassLoader();
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
        return new Versions(
            runtime == null ? UNKNOWN : runtime,
            tokenizers.getProperty("version", UNKNOWN),
            NativeJars.Platform.current().onnxRuntime());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException("ONNX Runtime is not on the class path", e);
      }
    }

    @Override
    public String toString() {
      return "ONNX Runtime %s and tokenizers %s for %s"
          .formatted(onnxRuntime, tokenizers, platform);
    }
  }

  static Optional<NativeStamp> read(Path folder) {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file + ": " + e.getMessage(), e);
    }
    Map<String, Long> sizes = new TreeMap<>();
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith(SIZE)) {
        sizes.put(key.substring(SIZE.length()), Long.valueOf(properties.getProperty(key).strip()));
      }
    }
    Versions versions =
        new Versions(
            properties.getProperty("onnxruntime"),
            properties.getProperty("tokenizers"),
            properties.getProperty("platform"));
    return Optional.of(new NativeStamp(versions, sizes));
  }

  void write(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("# Written by jobs/extract-natives.sh; checked by every JVM that uses the folder.");
    lines.add("onnxruntime=" + versions.onnxRuntime());
    lines.add("tokenizers=" + versions.tokenizers());
    lines.add("platform=" + versions.platform());
    sizes.forEach((library, size) -> lines.add(SIZE + library + "=" + size));
    Files.writeString(folder.resolve(FILE), String.join("\n", lines) + "\n");
  }

  /** The first thing wrong with the libraries in {@code folder}, or null. */
  String damage(Path folder) {
    for (Map.Entry<String, Long> wanted : sizes.entrySet()) {
      Path library = folder.resolve(wanted.getKey());
      if (!Files.isReadable(library)) {
        return wanted.getKey() + " is missing or cannot be read";
      }
      long found = library.toFile().length();
      if (found != wanted.getValue()) {
        return "%s has %,d bytes instead of %,d"
            .formatted(wanted.getKey(), found, wanted.getValue());
      }
    }
    return null;
  }
}
