package io.embark.embed;

import io.embark.UserError;
import java.util.Locale;

/**
 * What happens when the model fails on a text for another reason than memory. A text that alone
 * does not fit into memory always gets the status {@link Status#FAILED}.
 */
public enum OnRowError {
  /** The task fails, and with it the job. */
  FAIL,
  /** The text gets no vector, the status {@link Status#FAILED} and the reason; others go on. */
  NULL;

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws UserError naming the known ones
   */
  public static OnRowError of(String text) {
    for (OnRowError value : values()) {
      if (value.name().equalsIgnoreCase(text.strip())) {
        return value;
      }
    }
    throw new UserError("found '" + text + "', wanted fail or null.");
  }
}
