package io.embark.spark;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelStore;
import io.embark.onnx.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/**
 * What the driver must know of a model before the first row, found by really opening it: a model
 * that does not load fails here and not in a task.
 *
 * @param config the settings in force, each filled in
 * @param dimension values per vector
 * @param fingerprint SHA-256 over graph and tokenizer
 */
public record ModelFacts(EmbedderConfig config, int dimension, String fingerprint) {
  private static final Map<EmbedderConfig, Opened> KNOWN = new ConcurrentHashMap<>();

  /**
   * What does not depend on where the settings came from, which two equal configs may differ in.
   */
  private record Opened(ModelDirectory model, int dimension, String fingerprint) {}

  /**
   * Opens the model on the driver, the first time it is asked for.
   *
   * @throws IllegalArgumentException if model and settings do not go together
   * @throws UncheckedIOException if a file of the model cannot be read
   */
  public static ModelFacts of(EmbedderConfig config) {
    Opened opened = KNOWN.computeIfAbsent(config, ModelFacts::open);
    return new ModelFacts(config.resolve(opened.model()), opened.dimension(), opened.fingerprint());
  }

  private static Opened open(EmbedderConfig config) {
    try {
      ModelStore store = ModelStore.ofThisHost(SparkHadoopUtil.get().conf());
      ModelDirectory model = store.open(config.get(Setting.MODEL), config.get(Setting.MODEL_FILE));
      EmbedderConfig resolved = config.resolve(model);
      return new Opened(model, dimension(resolved, store), model.fingerprint());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read model %s on the driver: %s"
              .formatted(config.text(Setting.MODEL), e.getMessage()),
          e);
    }
  }

  private static int dimension(EmbedderConfig resolved, ModelStore store) throws IOException {
    if (tasksRunHere()) {
      // The very embedder that the tasks will use, so that nothing is loaded twice.
      return ExecutorEmbedders.get(resolved).dimension();
    }
    // The driver of a cluster has no business on a GPU.
    EmbedderConfig onCpu = resolved.toBuilder().device(Device.CPU).build();
    try (Embedder embedder = Embedder.open(onCpu, store, 0)) {
      return embedder.dimension();
    }
  }

  private static boolean tasksRunHere() {
    return SparkSession.getActiveSession().isDefined()
        && SparkSession.active().sparkContext().isLocal();
  }
}
