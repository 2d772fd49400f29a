package io.embark.natives;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Native libraries unpacked once for a machine or an image instead of by every JVM: in the folder
 * that the system property {@value #PROPERTY} names, or else the environment's {@value #VARIABLE}.
 */
public final class NativeLibraries {
  static final String VARIABLE = "EMBARK_NATIVES";
  static final String PROPERTY = "embark.natives";

  /** Read by ONNX Runtime: the folder of its libraries. */
  private static final String ONNX_RUNTIME = "onnxruntime.native.path";

  /**
   * Read by the tokenizer library, after an environment variable of the same name. It must name the
   * file: given the folder, version 0.36.0 fails on a machine without CUDA.
   */
  private static final String TOKENIZER = "RUST_LIBRARY_PATH";

  private NativeLibraries() {}

  /**
   * Points both native loaders to the folder, if there is one; to be called before either loads.
   *
   * @throws IllegalStateException if the folder is missing, incomplete, or holds other versions
   *     than the class path
   */
  public static Optional<Path> use() {
    Optional<Path> folder = configured(System::getenv);
    if (folder.isPresent()) {
      check(folder.get(), NativeStamp.Versions.ofClassPath());
      System.setProperty(ONNX_RUNTIME, folder.get().toString());
      System.setProperty(
          TOKENIZER, folder.get().resolve(System.mapLibraryName("tokenizers")).toString());
    } else if (System.getProperty(ONNX_RUNTIME) == null && !NativeJars.onnxRuntime().hasNatives()) {
      throw new IllegalStateException(
          "The ONNX Runtime jar on the class path holds no native library for %s; if `jobs/extract-natives.sh --strip` took them out, set %s to the folder it wrote."
              .formatted(NativeJars.Platform.current().onnxRuntime(), VARIABLE));
    }
    return folder;
  }

  static Optional<Path> configured(UnaryOperator<String> environment) {
    String folder = System.getProperty(PROPERTY, environment.apply(VARIABLE));
    return folder == null || folder.isBlank()
        ? Optional.empty()
        : Optional.of(Path.of(folder.strip()).toAbsolutePath().normalize());
  }

  static void check(Path folder, NativeStamp.Versions wanted) {
    if (!Files.isDirectory(folder)) {
      throw refused(folder, "there is no such folder on this machine");
    }
    NativeStamp stamp =
        NativeStamp.read(folder)
            .orElseThrow(() -> refused(folder, "it has no " + NativeStamp.FILE + " in it"));
    if (!stamp.versions().equals(wanted)) {
      throw refused(
          folder, "it holds %s, and the class path %s".formatted(stamp.versions(), wanted));
    }
    String damage = stamp.damage(folder);
    if (damage != null) {
      throw refused(folder, damage);
    }
  }

  private static IllegalStateException refused(Path folder, String why) {
    return new IllegalStateException(
        "Cannot use the native libraries in %s (%s): %s. Write the folder anew with `jobs/extract-natives.sh %s` of this Embark, or unset %s."
            .formatted(folder, VARIABLE, why, folder, VARIABLE));
  }
}
