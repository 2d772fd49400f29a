package io.embark.cli.embed;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/** What a text costs, guessed from its length. */
final class EstimatedTokens {
  /** UTF-8 bytes per token: about 4 letters of English, one sign and a bit of Chinese. */
  private static final int BYTES_PER_TOKEN = 4;

  /** Special tokens, and the little that a row costs by itself. */
  private static final int TOKENS_OF_A_ROW = 2;

  /** How many tokens are tokenised in the time that a model takes for one. */
  private static final int TOKENIZED_PER_COMPUTED = 32;

  private EstimatedTokens() {}

  /**
   * What one row costs, in tokens of the model: at most {@code maxLength} computed, and tokenising
   * all of it.
   */
  static Column of(Column text, int maxLength) {
    Column all =
        functions.coalesce(
            functions.floor(functions.octet_length(text).divide(BYTES_PER_TOKEN)),
            functions.lit(0L));
    return functions
        .least(all.plus(TOKENS_OF_A_ROW), functions.lit((long) maxLength))
        .plus(functions.floor(all.divide(TOKENIZED_PER_COMPUTED)))
        .cast("long");
  }
}
