package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.embed.ChunkMode;
import io.embark.embed.ChunkSettings;
import io.embark.embed.Setting;
import io.embark.spark.TextEmbedder;

/** What rows of an output stand for when documents are cut into chunks. */
record ChunkedOutput(JobSettings settings, ChunkMode mode) {

  /**
   * @throws UserError if chunks are described but not asked for
   */
  static ChunkedOutput of(JobSettings settings) {
    for (Setting<?> setting : ChunkSettings.ALL) {
      if (settings.get(ChunkSettings.CHUNK) == ChunkMode.NONE
          && setting != ChunkSettings.CHUNK
          && settings.isSet(setting)) {
        throw new UserError(
            "%s: set, but chunk is none, so that texts are not cut into chunks; set chunk to rows, document or both."
                .formatted(setting.key()));
      }
    }
    return new ChunkedOutput(settings, settings.get(ChunkSettings.CHUNK));
  }

  /** Hands the settings on. */
  void set(TextEmbedder embedder) {
    embedder
        .setChunk(mode.label())
        .setChunkOverlap(settings.get(ChunkSettings.CHUNK_OVERLAP))
        .setChunkText(settings.get(ChunkSettings.CHUNK_TEXT));
    int tokens = settings.get(ChunkSettings.CHUNK_TOKENS);
    if (tokens > 0) {
      embedder.setChunkTokens(tokens);
    }
  }

  /**
   * Refuses what needs one row out for each row in.
   *
   * @throws UserError with the way out
   */
  void requireRowsPerId(EmbedSettings.SaveMode save) {
    boolean several = mode == ChunkMode.ROWS || mode == ChunkMode.BOTH;
    if (several && save == EmbedSettings.SaveMode.INCREMENTAL) {
      throw new UserError(
          "mode: incremental needs one row per id, and chunk %s gives several. Use chunk none or document, or --mode overwrite."
              .formatted(mode.label()));
    }
    if (several && settings.get(EmbedSettings.DEDUPE) == EmbedSettings.Dedupe.GLOBAL) {
      throw new UserError(
          "dedupe: global needs one row per text, and chunk %s gives several. Leave one of them out."
              .formatted(mode.label()));
    }
  }
}
