package io.embark.onnx;

/** A batch did not go through the model. */
public final class EncodingException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** What a caller can do about it. */
  public enum Reason {
    /** Memory did not suffice: a smaller batch may fit. */
    MEMORY,
    /** Somebody stopped it through its {@link Cancellation}. */
    CANCELLED,
    /** The graph failed on this batch, and will again. */
    GRAPH
  }

  private final Reason reason;

  EncodingException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }

  /** The same with one more sentence. */
  public EncodingException with(String sentence) {
    return new EncodingException(reason, getMessage().strip() + " " + sentence, this);
  }
}
