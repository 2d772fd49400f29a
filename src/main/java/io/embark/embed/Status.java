package io.embark.embed;

/** The outcome of embedding one text. */
public enum Status {
  /** It has a vector. */
  OK,
  /** There was no text. */
  NULL_TEXT,
  /** The text has no content: only whitespace, control characters, or nothing the model reads. */
  BLANK_TEXT,
  /** The model failed on it. Where statuses are written, the reason follows after a colon. */
  FAILED
}
