package io.embark.spark.column;

import io.embark.UserError;
import io.embark.embed.ChunkMode;
import io.embark.embed.ChunkSettings;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.executor.HostModels;
import io.embark.text.Chunker;
import java.io.Serializable;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * Settings of a stage that cuts documents.
 *
 * @param tokens the most per chunk; 0 for the model's maximum length
 * @param overlap text tokens that a chunk shares with the one before it
 * @param keepText whether rows of chunks hold their text
 */
public record Chunking(ChunkMode mode, int tokens, int overlap, boolean keepText)
    implements Serializable {

  /** Reads the params of a stage. */
  public static Chunking of(Params stage) {
    return new Chunking(
        value(stage, ChunkSettings.CHUNK),
        value(stage, ChunkSettings.CHUNK_TOKENS),
        value(stage, ChunkSettings.CHUNK_OVERLAP),
        value(stage, ChunkSettings.CHUNK_TEXT));
  }

  private static <V> V value(Params stage, Setting<V> setting) {
    Param<?> param = stage.getParam(setting.paramName());
    return setting.parse(
        stage.isDefined(param) ? stage.getOrDefault(param).toString() : setting.defaultText());
  }

  public boolean isOff() {
    return mode == ChunkMode.NONE;
  }

  /** Refuses what does not go with the model, on the driver. */
  public void require(EmbedderConfig config) {
    chunker(config);
    if (mode.merges() && config.get(Setting.TOKEN_STATES)) {
      throw new UserError(
          "token-states: states of tokens are not kept of merged documents; set chunk to rows or"
              + " none.");
    }
  }

  Chunker chunker(Embedder embedder) {
    return embedder.chunker(tokens, overlap);
  }

  /**
   * @throws UserError if the numbers do not go with the model
   */
  public Chunker chunker(EmbedderConfig config) {
    return HostModels.chunker(config, tokens, overlap);
  }

  /** The way of cutting in words, for the metadata of vector columns. */
  String describe(int maxLength) {
    return "%s, %d tokens, overlap %d"
        .formatted(mode.label(), tokens == 0 ? maxLength : tokens, overlap);
  }
}
