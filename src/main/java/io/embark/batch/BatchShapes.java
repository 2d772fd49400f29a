package io.embark.batch;

/**
 * The shapes that batches may have. A GPU's memory is laid out anew for every shape it has not
 * seen; with rounded ones there are few, and it stops growing early.
 *
 * <p>Lengths are rounded up to a multiple of 8, which tensor cores want, and beyond 64 to the next
 * of eight steps per power of two, so that at most an eighth is added. Rows are rounded up to a
 * power of two or to halfway between two; a full batch has as many as the token budget allows.
 *
 * @param fill what texts are filled up to
 * @param maxLength no length is rounded beyond it, as the model has no positions there
 * @param maxRows the most rows of a batch
 */
public record BatchShapes(Fill fill, int maxLength, int maxRows) {
  /** The length that the texts of a batch are filled up to. */
  public enum Fill {
    /** Nothing: they have one length as they are. */
    NONE,
    /** The longest of them. */
    LONGEST,
    /** A rounded length; and rows to a rounded number. */
    ROUNDED
  }

  /** Every shape, as texts come. */
  public static final BatchShapes EXACT =
      new BatchShapes(Fill.LONGEST, Integer.MAX_VALUE, Integer.MAX_VALUE);

  /** Every shape, of texts of one length. */
  public static final BatchShapes UNPADDED =
      new BatchShapes(Fill.NONE, Integer.MAX_VALUE, Integer.MAX_VALUE);

  private static final int LEAST_LENGTH_STEP = 8;
  private static final int LENGTH_STEPS = 8;
  private static final int ROW_STEPS = 2;

  public BatchShapes {
    if (maxLength < 1 || maxRows < 1) {
      throw new IllegalArgumentException(
          "maxLength and maxRows must be at least 1, found %d and %d."
              .formatted(maxLength, maxRows));
    }
  }

  /** The length of a batch whose longest text has so many tokens. */
  public int length(int tokens) {
    if (fill != Fill.ROUNDED || tokens < 1) {
      return tokens;
    }
    return Math.max(tokens, Math.min(roundUp(tokens, LEAST_LENGTH_STEP, LENGTH_STEPS), maxLength));
  }

  /** The rows a batch of so many texts gets; rounding stops at what the token budget allows. */
  public int rows(int texts, int mostRows) {
    return fill == Fill.ROUNDED
        ? Math.max(texts, Math.min(roundUp(texts, 1, ROW_STEPS), mostRows))
        : texts;
  }

  boolean mayShare(int longest, int shortest) {
    return fill != Fill.NONE || longest == shortest;
  }

  /** The most rows of a length within a token budget; at least one. */
  int mostRows(int length, int tokenBudget) {
    return Math.max(1, Math.min(tokenBudget / Math.max(1, length), maxRows));
  }

  /** To a multiple of a step: so many of them fit between two powers of two. */
  private static int roundUp(int number, int leastStep, int stepsPerPower) {
    int step = Math.max(leastStep, Integer.highestOneBit(Math.max(1, number - 1)) / stepsPerPower);
    return Math.toIntExact(((long) number + step - 1) / step * step);
  }
}
