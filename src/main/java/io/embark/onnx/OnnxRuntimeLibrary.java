package io.embark.onnx;

import ai.onnxruntime.OrtEnvironment;
import io.embark.natives.NativeLibraries;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads ONNX Runtime's native library, from {@link NativeLibraries} where there are some. */
public final class OnnxRuntimeLibrary {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxRuntimeLibrary.class);

  private OnnxRuntimeLibrary() {}

  /**
   * The environment of this JVM; to be asked for here, and before any other class of ONNX Runtime
   * is used.
   *
   * @throws IllegalStateException if the folder of native libraries cannot be used
   */
  public static OrtEnvironment environment() {
    NativeLibraries.use().ifPresent(OnnxRuntimeLibrary::keepProvidersPacked);
    return OrtEnvironment.getEnvironment();
  }

  /**
   * ONNX Runtime 1.23 unpacks a provider (CUDA: 370 MB) from its jar even where {@code
   * onnxruntime.native.path} names a folder that has it, and then loads the one in the folder: what
   * it unpacked is never read. It skips providers that it has unpacked before, so it is told that
   * it has. There is no public way; without this a job costs disk and seconds, nothing else.
   */
  private static void keepProvidersPacked(Path folder) {
    try {
      Class<?> runtime =
          Class.forName("ai.onnxruntime.OnnxRuntime", true, OrtEnvironment.class.getClassLoader());
      Field field = runtime.getDeclaredField("extractedSharedProviders");
      field.setAccessible(true);
      synchronized (runtime) {
        @SuppressWarnings("unchecked")
        Set<String> unpacked = (Set<String>) field.get(null);
        for (String provider : Set.of("shared", "cuda", "tensorrt")) {
          String library = "onnxruntime_providers_" + provider;
          if (Files.exists(folder.resolve(System.mapLibraryName(library)))) {
            unpacked.add(library);
          }
        }
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.warn("ONNX Runtime will unpack its GPU provider although {} has it: {}", folder, e);
    }
  }
}
