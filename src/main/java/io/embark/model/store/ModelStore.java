package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.Fingerprint;
import io.embark.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens models by name. A directory of this host is used where it lies; everything else is copied
 * once into the {@link ModelCache}.
 */
public final class ModelStore {
  private static final Logger LOG = LoggerFactory.getLogger(ModelStore.class);

  private final ModelCache cache;
  private final boolean offline;
  private final ModelPlaces places;

  private ModelStore(ModelCache cache, boolean offline, ModelPlaces places) {
    this.cache = cache;
    this.offline = offline;
    this.places = places;
  }

  ModelStore(CacheSettings settings, Configuration hadoop, Retries retries, HostFolders host) {
    this(
        new ModelCache(settings.directory(), settings.maxBytes(), settings.owner()),
        settings.offline(),
        new ModelPlaces(hadoop, retries, host, null));
  }

  /** With Hadoop's settings and credentials of remote file systems. */
  public static ModelStore ofThisHost(Configuration hadoop) {
    return new ModelStore(
        CacheSettings.ofThisHost(), hadoop, Retries.USUAL, HostFolders.ofThisHost());
  }

  /**
   * A store that also knows where a file that Spark distributed may be, best first: paths of this
   * host, or URIs.
   */
  public ModelStore withSparkFiles(Function<String, List<String>> places) {
    ModelPlaces here = this.places;
    ModelPlaces withSpark = new ModelPlaces(here.hadoop(), here.retries(), here.host(), places);
    return new ModelStore(cache, offline, withSpark);
  }

  /**
   * Opens a model.
   *
   * @param uri {@code builtin:NAME}; a directory, an {@code .onnx} file of one, or an archive of
   *     such a directory; the name of a model in the Hugging Face cache; a Hadoop URI, {@code
   *     classpath:PATH} or {@code spark-files:NAME} of either
   * @param modelFile the graph inside the directory, relative to it or by a file name that no other
   *     graph has; null to look in the usual places
   * @throws IOException if something cannot be read or copied
   * @throws UserError if it is not a usable model
   */
  public ModelDirectory open(String uri, String modelFile) throws IOException {
    return open(uri, modelFile, false);
  }

  /**
   * Opens a model that was opened elsewhere before and must be the same one here. A copy that is
   * not is fetched once more, for it may have been spoilt on its way.
   *
   * @param wanted its {@link ModelDirectory#fingerprint()} there, or null if any will do
   * @throws IllegalStateException if it is another one
   */
  public ModelDirectory openSame(String uri, String modelFile, String wanted) throws IOException {
    ModelDirectory model = open(uri, modelFile, false);
    if (wanted == null || model.fingerprint().equals(wanted)) {
      return model;
    }
    if (cache.holds(model.onnxFile())) {
      LOG.warn(
          "The copy of model {} at {} is not the driver's: fetching it again",
          uri,
          model.onnxFile().getParent());
      model = open(uri, modelFile, true);
    }
    String found = model.fingerprint();
    if (found.equals(wanted)) {
      return model;
    }
    throw new IllegalStateException(
        ("Model %s is not the same here as on the driver: %s has fingerprint %s, the driver's has"
                + " %s. Its vectors would not be comparable. Put the same files on every host, or"
                + " give a model that Embark distributes (a remote URI, spark-files: or a"
                + " built-in); if the model has been changed, start the job again.")
            .formatted(uri, model.onnxFile().getParent(), found, wanted));
  }

  private ModelDirectory open(String uri, String modelFile, boolean afresh) throws IOException {
    ModelPlaces.Place place = places.find(uri, modelFile);
    Path directory =
        place.directory() == null
            ? copy(place.source(), place.modelFile(), uri, afresh)
            : place.directory();
    return ModelDirectory.read(directory, place.modelFile(), place.name());
  }

  /** The copy of a model on this host, made if need be. */
  private Path copy(ModelSource source, String modelFile, String name, boolean afresh)
      throws IOException {
    String which = Fingerprint.of(source.identity() + '\n' + (modelFile == null ? "" : modelFile));
    String prefix = "%s-%s-".formatted(source.label(), which.substring(0, 12));
    String state;
    try {
      if (offline && source.far()) {
        throw new IOException("EMBARK_OFFLINE is set");
      }
      state = source.state(modelFile);
    } catch (IOException e) {
      Retries.requireNotInterrupted(e);
      if (!source.far()) {
        throw e;
      }
      return unreachable(prefix, name, e);
    }
    String key = prefix + Fingerprint.of(state).substring(0, 12);
    return cache.get(
        key,
        afresh,
        target -> {
          source.fill(target, modelFile);
          if (!source.state(modelFile).equals(state)) {
            throw new IOException("Model %s changed while it was copied.".formatted(name));
          }
        });
  }

  /** Without the network a copy that is there is better than none, though it may be out of date. */
  private Path unreachable(String prefix, String name, IOException e) throws IOException {
    Optional<Path> copy = Retries.mayPass(e) ? cache.newest(prefix) : Optional.empty();
    if (copy.isEmpty()) {
      throw new IOException(
          "Cannot read model %s (%s), and this host has no copy of it."
              .formatted(name, e.getMessage() == null ? e.toString() : e.getMessage()),
          e);
    }
    LOG.warn(
        "Model {} cannot be read now ({}); taking the copy {}, which may be older",
        name,
        e,
        copy.get());
    return copy.get();
  }
}
