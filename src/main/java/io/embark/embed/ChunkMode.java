package io.embark.embed;

import io.embark.Choice;
import io.embark.UserError;

/** The vectors of a text that is longer than one window of tokens. */
public enum ChunkMode implements Choice {
  /** One vector of its beginning; the rest is cut off and flagged. */
  NONE,
  /** One vector per chunk, each in a row of its own. */
  ROWS,
  /** One vector per document, merged of those of its chunks. */
  DOCUMENT,
  /** A row per chunk and, behind them, one for the document. */
  BOTH;

  /** Whether every chunk has a result of its own. */
  public boolean chunks() {
    return this == ROWS || this == BOTH;
  }

  /** Whether every document has a result. */
  public boolean documents() {
    return this != ROWS;
  }

  /** Whether vectors of chunks are merged. */
  public boolean merges() {
    return this == DOCUMENT || this == BOTH;
  }

  /**
   * @throws UserError naming the known modes
   */
  public static ChunkMode of(String text) {
    return Choice.find(ChunkMode.class, text)
        .orElseThrow(
            () ->
                new UserError(
                    "found '%s', wanted one of %s."
                        .formatted(text, Choice.labels(ChunkMode.class, ", "))));
  }
}
