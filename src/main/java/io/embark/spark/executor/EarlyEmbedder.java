package io.embark.spark.executor;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.onnx.DeviceChoice;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;

/**
 * The embedder of a job whose tasks run in this JVM, opened on a thread of its own while Spark
 * starts. It is used where the very same one is about to be opened, else closed. What goes wrong
 * here goes wrong there again, with the message at its place.
 */
public final class EarlyEmbedder {
  private static final AtomicReference<FutureTask<Opened>> STARTED = new AtomicReference<>();

  private EarlyEmbedder() {}

  /**
   * @param config what it was opened with; its own may say more
   */
  private record Opened(EmbedderConfig config, Embedder embedder) {}

  /**
   * Begins to open the embedder, if tasks will run in this JVM on the CPU, with a model that can be
   * had without Spark. The config is asked for on that thread, where it may fail.
   */
  public static void start(Supplier<EmbedderConfig> config) {
    SparkConf conf = new SparkConf();
    if (!conf.get("spark.master", "").matches("local(\\[.*)?")) {
      return;
    }
    FutureTask<Opened> task = new FutureTask<>(() -> open(config.get(), conf));
    if (STARTED.compareAndSet(null, task)) {
      Thread thread = new Thread(task, "embark-early");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** As {@link ModelFacts} and {@link ExecutorEmbedders} together would. */
  private static Opened open(EmbedderConfig config, SparkConf conf) throws IOException {
    String uri = config.get(Setting.MODEL);
    if (config.get(Setting.DEVICE).needsGpu()
        || uri.contains("://")
        || uri.startsWith("spark-files:")) {
      return null;
    }
    ModelStore store = ModelStore.ofThisHost(new Configuration());
    ModelDirectory model = store.open(uri, config.get(Setting.MODEL_FILE));
    EmbedderConfig filledIn =
        ExecutorSettings.withThreads(
            config.resolve(model).toBuilder().wantedModel(model.fingerprint()).build(), conf);
    return new Opened(filledIn, Embedder.open(filledIn, store, 0));
  }

  /** The embedder that was begun, if it is what the filled in config wants; then the caller's. */
  static Optional<Embedder> take(EmbedderConfig config, DeviceChoice device) {
    Opened opened = ended().orElse(null);
    if (opened == null) {
      return Optional.empty();
    }
    if (opened.config.equals(config) && opened.embedder.device().equals(device)) {
      return Optional.of(opened.embedder);
    }
    opened.embedder.close();
    return Optional.empty();
  }

  /** Closes what nobody took. */
  public static void abandon() {
    try {
      ended().ifPresent(opened -> opened.embedder().close());
    } catch (LinkageError e) {
      // Nobody wanted it.
    }
  }

  /**
   * Waits, so that nobody touches a class whose native library could not be loaded: Java tells why
   * only the first time.
   */
  static void requireLibraries() {
    result(STARTED.get());
  }

  private static Optional<Opened> ended() {
    return result(STARTED.getAndSet(null));
  }

  private static Optional<Opened> result(FutureTask<Opened> task) {
    if (task == null) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(task.get());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LinkageError error) {
        throw error;
      }
      return Optional.empty();
    } catch (InterruptedException e) {
      // Still to be closed by somebody.
      STARTED.compareAndSet(null, task);
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
