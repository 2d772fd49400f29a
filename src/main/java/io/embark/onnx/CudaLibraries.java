package io.embark.onnx;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Finds which of the shared libraries that ONNX Runtime's CUDA provider needs are missing. ONNX
 * Runtime itself names the library in its own log only, not in the exception.
 */
final class CudaLibraries {
  /** What libonnxruntime_providers_cuda.so of ONNX Runtime 1.23 links against. */
  private static final Map<String, String> NEEDED =
      new TreeMap<>(
          Map.of(
              "libcuda.so.1", "the NVIDIA driver",
              "libcudart.so.12", "the CUDA 12 runtime",
              "libcublas.so.12", "cuBLAS of CUDA 12",
              "libcublasLt.so.12", "cuBLAS of CUDA 12",
              "libcufft.so.11", "cuFFT of CUDA 12",
              "libcurand.so.10", "cuRAND of CUDA 12",
              "libcudnn.so.9", "cuDNN 9"));

  private CudaLibraries() {}

  /** What libonnxruntime_providers_tensorrt.so links against besides CUDA. */
  private static final Map<String, String> NEEDED_BY_TENSORRT =
      new TreeMap<>(
          Map.of(
              "libnvinfer.so.10", "TensorRT 10",
              "libnvonnxparser.so.10", "the ONNX parser of TensorRT 10"));

  /**
   * One sentence for an error message.
   *
   * @param device what could not be used: CUDA or TensorRT, which needs CUDA too
   */
  static String explain(Device device) {
    if (!System.getProperty("os.name").startsWith("Linux")) {
      return "The %s provider could not be loaded.".formatted(device);
    }
    List<String> missing = missing(device);
    if (missing.isEmpty()) {
      return "The %s libraries are there, but no session can be opened.".formatted(device);
    }
    return "Not found on the library path: "
        + String.join(", ", missing)
        + "; ONNX Runtime 1.23 needs CUDA 12 and cuDNN 9"
        + (device == Device.TENSORRT ? " and TensorRT 10" : "")
        + " (set LD_LIBRARY_PATH if they are installed).";
  }

  /** Missing libraries with what they belong to, e.g. {@code libcudnn.so.9 (cuDNN 9)}. */
  static List<String> missing(Device device) {
    Map<String, String> needed = new TreeMap<>(NEEDED);
    if (device == Device.TENSORRT) {
      needed.putAll(NEEDED_BY_TENSORRT);
    }
    Set<Path> directories = searchPath();
    String linkerCache = linkerCache();
    List<String> missing = new ArrayList<>();
    needed.forEach(
        (library, product) -> {
          boolean found =
              linkerCache.contains(library + " ")
                  || directories.stream().anyMatch(d -> Files.exists(d.resolve(library)));
          if (!found) {
            missing.add(library + " (" + product + ")");
          }
        });
    return missing;
  }

  private static Set<Path> searchPath() {
    Set<Path> directories = new LinkedHashSet<>();
    String configured = System.getenv("LD_LIBRARY_PATH");
    if (configured != null) {
      for (String directory : configured.split(File.pathSeparator)) {
        if (!directory.isBlank()) {
          directories.add(Path.of(directory));
        }
      }
    }
    for (String directory :
        List.of("/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu")) {
      directories.add(Path.of(directory));
    }
    return directories;
  }

  /** What the dynamic linker knows, or nothing where that cannot be asked. */
  private static String linkerCache() {
    for (String ldconfig : List.of("/sbin/ldconfig", "/usr/sbin/ldconfig")) {
      if (!Files.isExecutable(Path.of(ldconfig))) {
        continue;
      }
      try {
        Process process =
            new ProcessBuilder(ldconfig, "-p")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (InputStream out = process.getInputStream()) {
          String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
          process.waitFor(5, TimeUnit.SECONDS);
          return text;
        }
      } catch (IOException e) {
        return "";
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return "";
      }
    }
    return "";
  }

  /** Where each library is, or null: by its file name and, in parentheses, what it belongs to. */
  static Map<String, String> places() {
    Set<Path> directories = searchPath();
    String linkerCache = linkerCache();
    Map<String, String> places = new TreeMap<>();
    NEEDED.forEach(
        (library, product) -> {
          String found =
              directories.stream()
                  .map(directory -> directory.resolve(library))
                  .filter(Files::exists)
                  .findFirst()
                  .map(Path::toString)
                  .orElse(null);
          if (found == null) {
            found =
                linkerCache
                    .lines()
                    .map(String::strip)
                    .filter(line -> line.startsWith(library + " ") && line.contains("=> "))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf("=> ") + 3))
                    .orElse(null);
          }
          places.put(library + " (" + product + ")", found);
        });
    return places;
  }
}
