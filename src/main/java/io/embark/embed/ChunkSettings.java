package io.embark.embed;

import java.util.List;

/**
 * The settings of long documents, which say what is given to an embedder rather than what it is.
 */
public final class ChunkSettings {
  public static final Setting<ChunkMode> CHUNK =
      Setting.declare(Setting.Effect.VECTORS, "chunk", "none|rows|document|both", "none")
          .says(
              "What becomes of texts longer than chunk-tokens: none cuts them at max-length, rows"
                  + " gives a row per chunk, document one vector merged of all chunks, both gives"
                  + " both")
          .parsed(ChunkMode::of);

  public static final Setting<Integer> CHUNK_TOKENS =
      Setting.declare(Setting.Effect.VECTORS, "chunk-tokens", "TOKENS", Setting.AUTO)
          .says("The most tokens per chunk, special tokens and prompt included; auto is max-length")
          .automatic(2, 1_000_000);

  public static final Setting<Integer> CHUNK_OVERLAP =
      Setting.declare(Setting.Effect.VECTORS, "chunk-overlap", "TOKENS", "0")
          .says("The most text tokens a chunk shares with the one before it; at most half a chunk")
          .number(0, 1_000_000);

  public static final Setting<Boolean> CHUNK_TEXT =
      Setting.declare(Setting.Effect.STORAGE, "chunk-text", Setting.SWITCH, "true")
          .says("Whether rows of chunks hold the chunk's text in the text column; otherwise null")
          .toggle();

  /** All of them, in the order of help and documentation. */
  public static final List<Setting<?>> ALL =
      List.of(CHUNK, CHUNK_TOKENS, CHUNK_OVERLAP, CHUNK_TEXT);

  private ChunkSettings() {}
}
