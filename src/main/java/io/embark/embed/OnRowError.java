package io.embark.embed;

import io.embark.Choice;

/**
 * What happens when the model fails on a text for another reason than memory. A text that alone
 * does not fit into memory always gets the status {@link Status#FAILED}.
 */
public enum OnRowError implements Choice {
  /** The task fails, and with it the job. */
  FAIL,
  /** The text gets no vector, the status {@link Status#FAILED} and the reason; others go on. */
  NULL;
}
