package io.embark.natives;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The command behind {@code jobs/extract-natives.sh}: unpacks the native libraries on the class
 * path into a folder for {@link NativeLibraries}. Needs no Spark.
 */
public final class ExtractNatives {
  private ExtractNatives() {}

  /** {@code [--strip] DIR}; exit code 0 done, 1 failed, 2 bad usage. */
  public static void main(String[] args) {
    List<String> arguments = new ArrayList<>(List.of(args));
    boolean strip = arguments.remove("--strip");
    if (arguments.size() != 1 || arguments.get(0).startsWith("-")) {
      System.err.println("embark: wanted is [--strip] DIR, found: " + String.join(" ", args));
      System.exit(2);
    }
    try {
      Path folder = Path.of(arguments.get(0)).toAbsolutePath().normalize();
      System.out.println(extract(folder, NativeStamp.Versions.ofClassPath()));
      if (strip) {
        System.out.println(strip(NativeJars.onnxRuntime().file()));
      }
    } catch (IOException | RuntimeException e) {
      String message = e instanceof IllegalStateException ? e.getMessage() : e.toString();
      System.err.println("embark: cannot extract the native libraries: " + message);
      System.exit(1);
    }
  }

  /**
   * Fills a folder, all of it or nothing, unless it is complete; says what was done.
   *
   * @throws IllegalStateException if the folder holds something else
   */
  static String extract(Path folder, NativeStamp.Versions versions) throws IOException {
    String[] found = folder.toFile().list();
    if (Files.exists(folder) && (found == null || found.length > 0)) {
      try {
        NativeLibraries.check(folder, versions);
      } catch (IllegalStateException e) {
        throw new IllegalStateException(
            folder + " is not empty; remove it first or name another folder. " + e.getMessage(), e);
      }
      return folder + " is complete already: " + versions;
    }
    Files.createDirectories(folder.getParent());
    Path partial =
        Files.createDirectory(
            folder.resolveSibling(folder.getFileName() + "." + ProcessHandle.current().pid()));
    try {
      Map<String, Long> sizes = new TreeMap<>();
      String problem =
          "the ONNX Runtime jar on the class path holds none for %s (stripped before?)";
      sizes.putAll(unpack(NativeJars.onnxRuntime(), partial, problem));
      problem = "the tokenizer jar on the class path holds none for %s";
      sizes.putAll(unpack(NativeJars.tokenizers(), partial, problem));
      new NativeStamp(versions, sizes).write(partial);
      Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
      long bytes = sizes.values().stream().mapToLong(Long::longValue).sum();
      return "%s: %d libraries, %,d MB, %s"
          .formatted(folder, sizes.size(), bytes / 1_000_000, versions);
    } finally {
      delete(partial);
    }
  }

  private static Map<String, Long> unpack(NativeJars jar, Path folder, String problem)
      throws IOException {
    Map<String, Long> sizes = jar.extract(folder);
    if (sizes.isEmpty()) {
      throw new IllegalStateException(
          problem.formatted(NativeJars.Platform.current().onnxRuntime()));
    }
    return sizes;
  }

  /** Rewrites the jar without its native libraries, those of other platforms included. */
  static String strip(Path jar) throws IOException {
    long before = Files.size(jar);
    Path partial = jar.resolveSibling(jar.getFileName() + ".partial");
    Files.copy(jar, partial, StandardCopyOption.REPLACE_EXISTING);
    try {
      try (FileSystem zip =
          FileSystems.newFileSystem(URI.create("jar:" + partial.toUri()), Map.of())) {
        delete(zip.getPath("ai/onnxruntime/native"));
      }
      Files.move(partial, jar, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
    return "%s: stripped from %,d to %,d KB; it works only with %s set"
        .formatted(jar, before / 1000, Files.size(jar) / 1000, NativeLibraries.VARIABLE);
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
