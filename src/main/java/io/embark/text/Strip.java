package io.embark.text;

import io.embark.Choice;

/** What becomes of the white space around texts of sentence-transformers models. */
public enum Strip implements Choice {
  NONE,
  /** Cut off, as sentence-transformers did until 5.3. */
  EARLIER
}
