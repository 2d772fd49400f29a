package io.embark.spark;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelStore;
import io.embark.text.Chunker;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * The tokenizers of this JVM for cutting texts without embedding them: one for each model, shared
 * by all tasks, kept until the JVM ends.
 */
final class ExecutorTokenizers {
  private static final Map<Key, Tokenizer> OPEN = new ConcurrentHashMap<>();

  private record Key(String model, String modelFile, int maxLength) {}

  private ExecutorTokenizers() {}

  /**
   * Fills in from the model what the settings leave open.
   *
   * @throws IllegalArgumentException if model and settings do not go together
   * @throws UncheckedIOException if a file of the model cannot be read
   */
  static EmbedderConfig resolve(EmbedderConfig config) {
    try {
      return config.resolve(model(config));
    } catch (IOException e) {
      throw unreadable(config, e);
    }
  }

  /**
   * A chunker for a resolved config.
   *
   * @throws IllegalArgumentException if the numbers do not go with the model
   */
  static Chunker chunker(EmbedderConfig config, Chunking chunking) {
    Key key =
        new Key(
            config.text(Setting.MODEL),
            config.text(Setting.MODEL_FILE),
            config.get(Setting.MAX_LENGTH));
    Tokenizer tokenizer = OPEN.computeIfAbsent(key, k -> open(config));
    return new Chunker(
        tokenizer, config.get(Setting.PROMPT), chunking.tokens(), chunking.overlap());
  }

  private static Tokenizer open(EmbedderConfig config) {
    try {
      return HfTokenizer.open(model(config).tokenizerJson(), config.get(Setting.MAX_LENGTH));
    } catch (IOException e) {
      throw unreadable(config, e);
    }
  }

  private static ModelDirectory model(EmbedderConfig config) throws IOException {
    return ModelStore.ofThisHost(SparkHadoopUtil.get().conf())
        .open(config.get(Setting.MODEL), config.get(Setting.MODEL_FILE));
  }

  private static UncheckedIOException unreadable(EmbedderConfig config, IOException e) {
    return new UncheckedIOException(
        "Cannot read model %s on this host: %s"
            .formatted(config.text(Setting.MODEL), e.getMessage()),
        e);
  }
}
