package io.embark.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.natives.NativeLibraries;
import io.embark.onnx.graph.PooledModel;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The native library that runs the models, from {@link NativeLibraries} where there are some. */
public final class OnnxRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxRuntime.class);

  /** Where ONNX Runtime (1.20 or newer) looks for weights of a model that comes as bytes. */
  private static final String FOLDER_KEY = "session.model_external_initializers_file_folder_path";

  /**
   * Lets ONNX Runtime compute GELU by a tanh (Hendrycks and Gimpel 2016), which differs from the
   * exact one by 5e-4 at most and is faster on a CPU.
   */
  private static final String GELU_KEY = "optimization.enable_gelu_approximation";

  private OnnxRuntime() {}

  /**
   * The environment; to be asked for before any other class of ONNX Runtime is used.
   *
   * @throws IllegalStateException if the folder of native libraries cannot be used
   */
  public static OrtEnvironment environment() {
    NativeLibraries.use().ifPresent(OnnxRuntime::keepProvidersPacked);
    return OrtEnvironment.getEnvironment();
  }

  /** Loads a model, giving the options what it needs. The caller closes the session. */
  public static OrtSession open(PooledModel model, SessionOptions options) throws OrtException {
    Optional<Path> folder = model.externalDataFolder();
    if (folder.isPresent()) {
      options.addConfigEntry(FOLDER_KEY, folder.get().toString());
    }
    if (model.approximateGelu()) {
      options.addConfigEntry(GELU_KEY, "1");
    }
    return environment().createSession(model.bytes(), options);
  }

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
