package io.embark.embed;

import io.embark.Choice;

/**
 * Treatment of a text that the model fails on for another reason than memory. A text that alone
 * does not fit into memory always gets the status {@link Status#FAILED}.
 */
public enum OnRowError implements Choice {
  /** The task fails, and with it the job. */
  FAIL,
  /** The text gets no vector, the status {@link Status#FAILED} and the reason; others go on. */
  NULL;
}
