package io.embark.embed;

import io.embark.Choice;
import io.embark.UserError;

/** What is made of a text longer than one window of tokens. */
public enum ChunkMode implements Choice {
  /** One vector of its beginning; the rest is cut off and flagged. */
  NONE(false, true),
  /** One vector per chunk, each in a row of its own. */
  ROWS(true, false),
  /** One vector per document, merged of those of its chunks. */
  DOCUMENT(false, true),
  /** A row per chunk and, behind them, one for the document. */
  BOTH(true, true);

  private final boolean chunks;
  private final boolean documents;

  ChunkMode(boolean chunks, boolean documents) {
    this.chunks = chunks;
    this.documents = documents;
  }

  /** Whether every chunk has a result of its own. */
  public boolean chunks() {
    return chunks;
  }

  /** Whether every document has a result. */
  public boolean documents() {
    return documents;
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
