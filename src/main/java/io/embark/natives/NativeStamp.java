package io.embark.natives;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What a folder of native libraries says of itself, in a file beside them.
 *
 * @param versions what they were unpacked from
 * @param sizes bytes of each library, by file name; tells a folder that was copied by halves
 */
record NativeStamp(NativeVersions versions, Map<String, Long> sizes) {
  static final String FILE = "embark-natives.properties";
  private static final String SIZE = "size.";

  /** The stamp of {@code folder}; empty if it has none. */
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
    return Optional.of(
        new NativeStamp(
            new NativeVersions(
                properties.getProperty("onnxruntime"),
                properties.getProperty("tokenizers"),
                properties.getProperty("platform")),
            sizes));
  }

  void write(Path folder) throws IOException {
    try (Writer out = Files.newBufferedWriter(folder.resolve(FILE))) {
      out.write(
          "# Written by jobs/extract-natives.sh; checked by every JVM that uses the folder.\n");
      out.write("onnxruntime=" + versions.onnxRuntime() + "\n");
      out.write("tokenizers=" + versions.tokenizers() + "\n");
      out.write("platform=" + versions.platform() + "\n");
      for (Map.Entry<String, Long> size : sizes.entrySet()) {
        out.write(SIZE + size.getKey() + "=" + size.getValue() + "\n");
      }
    }
  }

  /** What is wrong with the libraries in {@code folder}, or null. */
  String damage(Path folder) {
    for (Map.Entry<String, Long> wanted : sizes.entrySet()) {
      Path library = folder.resolve(wanted.getKey());
      try {
        if (!Files.isReadable(library)) {
          return wanted.getKey() + " is missing or cannot be read";
        }
        long found = Files.size(library);
        if (found != wanted.getValue()) {
          return "%s has %,d bytes instead of %,d"
              .formatted(wanted.getKey(), found, wanted.getValue());
        }
      } catch (IOException e) {
        return wanted.getKey() + " cannot be read: " + e.getMessage();
      }
    }
    return null;
  }
}
