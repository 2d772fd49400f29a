package io.embark.job;

import io.embark.embed.ChunkMode;
import io.embark.embed.ChunkSettings;
import io.embark.spark.TextEmbedder;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/**
 * What rows of an output stand for when documents are cut into chunks.
 *
 * @param prefix put before the names of the account columns
 */
record ChunkedOutput(JobSettings settings, ChunkMode mode, String prefix) {

  static ChunkedOutput of(JobSettings settings) {
    return new ChunkedOutput(
        settings, settings.get(ChunkSettings.CHUNK), settings.get(EmbedSettings.ACCOUNT_PREFIX));
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

  /** True for exactly one row of each row that came in. */
  Column document() {
    return switch (mode) {
      case NONE, DOCUMENT -> functions.lit(true);
      case ROWS -> index().equalTo(0);
      case BOTH -> index().isNull();
    };
  }

  /** True for the rows whose tokens, added up, are those the model saw. */
  Column addsUp() {
    return mode == ChunkMode.BOTH ? document() : functions.lit(true);
  }

  private Column index() {
    return functions.col("`" + prefix + "chunk_index`");
  }
}
