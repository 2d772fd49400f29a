package io.embark.spark.executor;

import io.embark.UserError;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.onnx.Device;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Facts about a model that the driver needs before the first row, found by really opening it: a
 * model that does not load fails here and not in a task.
 *
 * @param config every setting filled in, and the fingerprint of the model they are for
 * @param fingerprint SHA-256 over graph and tokenizer
 * @param file the graph as it lies on the driver's host
 * @param fileHashes SHA-256 of each file of these
 * @param device where tasks run and the token budget there, in words; empty when that is settled on
 *     each executor
 */
public record ModelFacts(
    EmbedderConfig config,
    List<String> vectorNames,
    List<Integer> dimensions,
    String fingerprint,
    Path file,
    Map<String, String> fileHashes,
    Optional<String> device,
    Canary canary) {
  private static final Logger LOG = LoggerFactory.getLogger(ModelFacts.class);
  private static final Map<Key, Opened> KNOWN = new ConcurrentHashMap<>();

  /** Settings and the contents of the model they name: a changed model is opened again. */
  private record Key(EmbedderConfig config, String fingerprint) {}

  /** Does not depend on where the settings came from, which two equal configs may differ in. */
  private record Opened(
      List<String> vectorNames, List<Integer> dimensions, Optional<String> device, Canary canary) {}

  /**
   * Opens the model on the driver, the first time and when it has changed since. The config that
   * comes back accepts this very model only.
   *
   * @throws UserError if model and settings do not go together
   * @throws UncheckedIOException if a file of the model cannot be read
   */
  public static ModelFacts of(EmbedderConfig config) {
    try {
      ModelDirectory model = HostModels.openOnDriver(config);
      Map<String, String> fileHashes = model.fileHashes();
      String fingerprint = model.fingerprint(fileHashes);
      EmbedderConfig resolved = config.resolve(model).toBuilder().wantedModel(fingerprint).build();
      Opened opened =
          KNOWN.computeIfAbsent(new Key(config, fingerprint), key -> open(model, resolved));
      KNOWN
          .keySet()
          .removeIf(key -> key.config.equals(config) && !key.fingerprint.equals(fingerprint));
      return new ModelFacts(
          resolved,
          opened.vectorNames(),
          opened.dimensions(),
          fingerprint,
          model.onnxFile(),
          fileHashes,
          opened.device(),
          opened.canary());
    } catch (IOException e) {
      throw HostModels.unreadable(config, "on the driver", e);
    }
  }

  private static Opened open(ModelDirectory model, EmbedderConfig resolved) {
    // Once for each config, for what is known is not opened again.
    poolingWarning(model, resolved).ifPresent(LOG::warn);
    if (tasksRunHere()) {
      // The very embedder that the tasks will use, so that nothing is loaded twice.
      return ExecutorEmbedders.with(resolved, embedder -> opened(embedder, true));
    }
    // A cluster's driver has no GPU, or one that is not its own.
    EmbedderConfig onCpu = resolved.toBuilder().device(Device.CPU).build();
    try (Embedder embedder = Embedder.open(onCpu, HostModels.store(), 0)) {
      return opened(embedder, false);
    } catch (IOException e) {
      throw HostModels.unreadable(resolved, "on the driver", e);
    }
  }

  /** A warning that a pooling is a poor choice for a model that nobody trained for it, if it is. */
  public static Optional<String> poolingWarning(ModelDirectory model, EmbedderConfig config) {
    List<String> untrained =
        config.get(Setting.POOLING).stream()
            .filter(pooling -> pooling == Pooling.POOLER || pooling == Pooling.CLS)
            .map(Pooling::label)
            .toList();
    if (model.sentenceModel() || untrained.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        ("Model %s does not say that it was trained for sentence vectors (no modules.json or"
                + " 1_Pooling), and pooling %s reads what such training shapes. Of BERT without it,"
                + " [CLS] reaches a rank correlation of 16.5 with human scores on the STS benchmark,"
                + " the mean of the token states 46.4 (Reimers and Gurevych 2019, table 1). Try"
                + " pooling mean.")
            .formatted(model.name(), String.join(", ", untrained)));
  }

  private static Opened opened(Embedder embedder, boolean here) {
    String device =
        "%s, %d tokens a batch".formatted(embedder.device().label(), embedder.tokenBudget());
    return new Opened(
        embedder.vectorNames(),
        embedder.dimensions(),
        here ? Optional.of(device) : Optional.empty(),
        Canary.of(embedder));
  }

  private static boolean tasksRunHere() {
    return SparkSession.getActiveSession().isDefined()
        && SparkSession.active().sparkContext().isLocal();
  }
}
