package io.embark.spark.executor;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.text.Chunker;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tokenizers of this JVM for cutting texts without embedding them: one for each set of
 * settings, shared by all tasks, kept until the JVM ends.
 */
public final class ExecutorTokenizers {
  private static final Map<EmbedderConfig, Tokenizer> OPEN = new ConcurrentHashMap<>();

  private ExecutorTokenizers() {}

  /**
   * Fills in from the model what the settings leave open.
   *
   * @throws UserError if model and settings do not go together
   * @throws UncheckedIOException if a file of the model cannot be read
   */
  public static EmbedderConfig resolve(EmbedderConfig config) {
    try {
      ModelDirectory model = HostModels.openOnDriver(config);
      // Executors must not cut with another model's tokenizer.
      return config.resolve(model).toBuilder().wantedModel(model.fingerprint()).build();
    } catch (IOException e) {
      throw HostModels.unreadable(config, "on this host", e);
    }
  }

  /**
   * A chunker for a resolved config.
   *
   * @param tokens the most per chunk, 0 for the model's maximum
   * @param overlap tokens that a chunk shares with the one before it
   * @throws UserError if the numbers do not go with the model
   */
  public static Chunker chunker(EmbedderConfig config, int tokens, int overlap) {
    Tokenizer tokenizer = OPEN.computeIfAbsent(config, ExecutorTokenizers::open);
    return new Chunker(tokenizer, config.get(Setting.PROMPT), tokens, overlap);
  }

  private static Tokenizer open(EmbedderConfig config) {
    try {
      ModelDirectory model =
          HostModels.store()
              .openSame(
                  config.get(Setting.MODEL), config.get(Setting.MODEL_FILE), config.wantedModel());
      return HfTokenizer.open(model.tokenizerJson(), config.get(Setting.MAX_LENGTH));
    } catch (IOException e) {
      throw HostModels.unreadable(config, "on this host", e);
    }
  }
}
