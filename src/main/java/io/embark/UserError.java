package io.embark;

/**
 * A setting, model, input or call that its user can mend. The message says what was found, what was
 * wanted and the way out; commands end with exit code 2. Any other exception is a fault of ours or
 * of the place where the job runs.
 */
public final class UserError extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  public UserError(String message) {
    super(message);
  }

  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
