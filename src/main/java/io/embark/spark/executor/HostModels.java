package io.embark.spark.executor;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.ModelTokenizer;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.text.Chunker;
import io.embark.token.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/**
 * The models that this driver or executor can reach, with Spark's own settings and files, and their
 * tokenizers for cutting texts without embedding, shared by all tasks until the JVM ends.
 */
public final class HostModels {
  private static final long GOOD_FOR_NANOS = 10_000_000_000L;

  /** Sources of what a cluster manager unpacks for executors only, when the driver is elsewhere. */
  private static final List<String> SENT =
      List.of("spark.archives", "spark.yarn.dist.archives", "spark.files", "spark.yarn.dist.files");

  /** Models that the driver has copied from elsewhere. */
  private static final Map<Named, Seen> COPIED = new ConcurrentHashMap<>();

  private static final Map<EmbedderConfig, Tokenizer> TOKENIZERS = new ConcurrentHashMap<>();

  private HostModels() {}

  private record Named(String uri, String modelFile) {}

  private record Seen(ModelDirectory model, long nanos) {}

  static ModelStore store() {
    return ModelStore.ofThisHost(hadoop()).withSparkFiles(HostModels::places);
  }

  /** The model that a config names, as this JVM finds it now. */
  public static ModelDirectory open(EmbedderConfig config) throws IOException {
    return store().open(config.get(Setting.MODEL), config.get(Setting.MODEL_FILE));
  }

  /**
   * The model that a config names, for the driver, which asks several times in one query: a local
   * one is looked at each time, in milliseconds, one copied from elsewhere every few seconds.
   */
  static ModelDirectory openOnDriver(EmbedderConfig config) throws IOException {
    String uri = config.get(Setting.MODEL);
    Named named = new Named(uri, config.get(Setting.MODEL_FILE));
    Seen seen = COPIED.get(named);
    if (seen != null && System.nanoTime() - seen.nanos < GOOD_FOR_NANOS) {
      return seen.model;
    }
    ModelDirectory model = open(config);
    if (uri.contains("://") && !uri.regionMatches(true, 0, "file:", 0, 5)) {
      COPIED.put(named, new Seen(model, System.nanoTime()));
    }
    return model;
  }

  static UncheckedIOException unreadable(EmbedderConfig config, String where, IOException e) {
    return new UncheckedIOException(
        "Cannot read model %s %s: %s".formatted(config.text(Setting.MODEL), where, e.getMessage()),
        e);
  }

  /**
   * Fills in from the model what the settings leave open.
   *
   * @throws UserError if model and settings do not go together
   * @throws UncheckedIOException if a file of the model cannot be read
   */
  public static EmbedderConfig resolve(EmbedderConfig config) {
    try {
      ModelDirectory model = openOnDriver(config);
      // Executors must not cut with another model's tokenizer.
      return config.resolve(model).toBuilder().wantedModel(model.fingerprint()).build();
    } catch (IOException e) {
      throw unreadable(config, "on this host", e);
    }
  }

  /** A chunker for a resolved config, as {@link io.embark.embed.Embedder#chunker} makes it. */
  public static Chunker chunker(EmbedderConfig config, int tokens, int overlap) {
    Tokenizer tokenizer = TOKENIZERS.computeIfAbsent(config, HostModels::tokenizer);
    return new Chunker(tokenizer, config.get(Setting.PROMPT), tokens, overlap);
  }

  private static Tokenizer tokenizer(EmbedderConfig config) {
    try {
      ModelDirectory model =
          store()
              .openSame(
                  config.get(Setting.MODEL), config.get(Setting.MODEL_FILE), config.wantedModel());
      return ModelTokenizer.open(model, config);
    } catch (IOException e) {
      throw unreadable(config, "on this host", e);
    }
  }

  /**
   * The driver's as its code may have changed it; an executor's from {@code spark.hadoop.*}, which
   * is all that Spark sends there.
   */
  private static Configuration hadoop() {
    var session = SparkSession.getDefaultSession();
    if (session.isDefined() && !session.get().sparkContext().isStopped()) {
      return session.get().sparkContext().hadoopConfiguration();
    }
    return SparkEnv.get() == null
        ? SparkHadoopUtil.get().conf()
        : SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
  }

  /** Places where a file that Spark distributed may be in this JVM. */
  private static List<String> places(String name) {
    List<String> places = new ArrayList<>();
    SparkEnv env = SparkEnv.get();
    if (env != null) {
      places.add(SparkFiles.get(name));
    }
    // YARN and Kubernetes put them into the container's working directory.
    places.add(Path.of(name).toAbsolutePath().toString());
    if (env != null) {
      places.addAll(sent(name, env.conf()));
    }
    return places;
  }

  /**
   * Sources of what Spark was told to send under a name: {@code URI#NAME}, or a URI ending in it.
   */
  static List<String> sent(String name, SparkConf conf) {
    List<String> found = new ArrayList<>();
    for (String key : SENT) {
      for (String uri : conf.get(key, "").split(",")) {
        String plain = uri.strip();
        int alias = plain.lastIndexOf('#');
        String source = alias < 0 ? plain : plain.substring(0, alias);
        String called = plain.substring(alias < 0 ? source.lastIndexOf('/') + 1 : alias + 1);
        if (!plain.isEmpty() && called.equals(name)) {
          found.add(source);
        }
      }
    }
    return found;
  }
}
