package io.embark.embed;

/** What became of one text. */
public enum Status {
  /** It has a vector. */
  OK,
  /** There was no text. */
  NULL_TEXT,
  /** The text has no content: only whitespace, control characters, or nothing the model reads. */
  BLANK_TEXT
}
