package io.embark.onnx;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Finds the shared libraries that ONNX Runtime's CUDA provider needs. ONNX Runtime itself names a
 * missing library in its own log only, not in the exception.
 */
public final class CudaLibraries {
  /** Linked by libonnxruntime_providers_cuda.so of ONNX Runtime 1.23. */
  private static final Map<String, String> CUDA =
      Map.of(
          "libcuda.so.1", "the NVIDIA driver",
          "libcudart.so.12", "the CUDA 12 runtime",
          "libcublas.so.12", "cuBLAS of CUDA 12",
          "libcublasLt.so.12", "cuBLAS of CUDA 12",
          "libcufft.so.11", "cuFFT of CUDA 12",
          "libcurand.so.10", "cuRAND of CUDA 12",
          "libcudnn.so.9", "cuDNN 9");

  /** Linked by libonnxruntime_providers_tensorrt.so besides CUDA. */
  private static final Map<String, String> TENSORRT =
      Map.of(
          "libnvinfer.so.10", "TensorRT 10",
          "libnvonnxparser.so.10", "the ONNX parser of TensorRT 10");

  private static final List<String> SYSTEM_DIRECTORIES =
      List.of("/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu");

  private CudaLibraries() {}

  /** One sentence on why CUDA, or TensorRT, which needs CUDA too, cannot be used. */
  static String explain(Device device) {
    if (!System.getProperty("os.name").startsWith("Linux")) {
      return "The %s provider could not be loaded.".formatted(device);
    }
    Map<String, Optional<String>> missing = places(device);
    missing.values().removeIf(Optional::isPresent);
    if (missing.isEmpty()) {
      return "The %s libraries are there, but no session can be opened.".formatted(device);
    }
    return "Not found on the library path: "
        + String.join(", ", missing.keySet())
        + "; ONNX Runtime 1.23 needs CUDA 12 and cuDNN 9"
        + (device == Device.TENSORRT ? " and TensorRT 10" : "")
        + " (set LD_LIBRARY_PATH if they are installed).";
  }

  /**
   * Where each library is that a device needs, by library and product, e.g. {@code libcudnn.so.9
   * (cuDNN 9)}; empty if it is not found.
   */
  public static Map<String, Optional<String>> places(Device device) {
    Map<String, String> needed = new TreeMap<>(CUDA);
    if (device == Device.TENSORRT) {
      needed.putAll(TENSORRT);
    }
    List<Path> directories = searchPath();
    List<String> linkerCache = linkerCache();
    Map<String, Optional<String>> places = new TreeMap<>();
    needed.forEach(
        (library, product) -> {
          Stream<String> onPath =
              directories.stream()
                  .map(directory -> directory.resolve(library))
                  .filter(Files::exists)
                  .map(Path::toString);
          Stream<String> cached =
              linkerCache.stream()
                  .filter(line -> line.startsWith(library + " ") && line.contains("=> "))
                  .map(line -> line.substring(line.indexOf("=> ") + 3));
          places.put(library + " (" + product + ")", Stream.concat(onPath, cached).findFirst());
        });
    return places;
  }

  private static List<Path> searchPath() {
    String own = System.getenv().getOrDefault("LD_LIBRARY_PATH", "");
    return Stream.concat(Stream.of(own.split(File.pathSeparator)), SYSTEM_DIRECTORIES.stream())
        .filter(directory -> !directory.isBlank())
        .map(Path::of)
        .toList();
  }

  /** The dynamic linker's list, or nothing where it cannot be asked. */
  private static List<String> linkerCache() {
    Optional<String> ldconfig =
        Stream.of("/sbin/ldconfig", "/usr/sbin/ldconfig")
            .filter(file -> Files.isExecutable(Path.of(file)))
            .findFirst();
    if (ldconfig.isEmpty()) {
      return List.of();
    }
    try {
      Process process =
          new ProcessBuilder(ldconfig.get(), "-p")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.inputReader().lines().map(String::strip).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }
}
