package io.embark.text;

import io.embark.UserError;
import io.embark.token.Tokenizer;
import java.util.Iterator;

/**
 * Cuts documents into windows of tokens: whole sentences as far as they fit, a sentence longer than
 * a window between words, a word longer than a window between its tokens. Thread-safe.
 *
 * <p>Every window, tokenised alone with the prompt before it, has at most {@link #tokens()} tokens;
 * this is checked of each and not inferred from the tokens of the whole. A document that fits is
 * one chunk, just as it is. Otherwise white space around chunks is dropped, and every other
 * character is in a chunk. A document of any length takes bounded memory.
 */
public final class Chunker {
  /** Text tokens without which a window is too small to be of use. */
  private static final int LEAST_TEXT_TOKENS = 8;

  /** Chars that are tokenised at once, so that memory is bounded; a window is never longer. */
  private static final int SEGMENT_CHARS = 1 << 16;

  /** Chars per token in segments for windows so large that the number above is too small. */
  private static final int CHARS_PER_TOKEN = 16;

  private final Tokenizer tokenizer;
  private final String prompt;
  private final int tokens;
  private final int overlap;
  private final int overhead;

  /**
   * @param prompt put before every chunk when it is embedded; counted, but not part of chunks
   * @param tokens the most tokens per chunk, special tokens and prompt included; 0 for as many as
   *     the tokenizer leaves uncut
   * @param overlap the most text tokens that a chunk shares with the one before it
   * @throws UserError if a number is out of range
   */
  public Chunker(Tokenizer tokenizer, String prompt, int tokens, int overlap) {
    this.tokenizer = tokenizer;
    this.prompt = prompt;
    this.tokens = tokens == 0 ? tokenizer.maxLength() : tokens;
    this.overlap = overlap;
    this.overhead = tokenizer.encode(prompt).total();
    if (this.tokens > tokenizer.maxLength()) {
      throw new UserError(
          "chunk-tokens is %d, but the model is given at most %d tokens of a text (max-length)."
              .formatted(tokens, tokenizer.maxLength()));
    }
    if (textTokens() < LEAST_TEXT_TOKENS) {
      throw new UserError(
          "chunk-tokens is %d, of which special tokens and prompt take %d; wanted are %d or more."
              .formatted(this.tokens, overhead, overhead + LEAST_TEXT_TOKENS));
    }
    if (overlap < 0 || overlap > textTokens() / 2) {
      throw new UserError(
          "chunk-overlap is %d; wanted are 0 to %d tokens, half of the text in a chunk."
              .formatted(overlap, textTokens() / 2));
    }
  }

  /**
   * The chunks of a document, found as they are asked for.
   *
   * @return at least one; a blank document has one blank chunk
   */
  public Iterator<Chunk> chunks(String document) {
    return new ChunksOfDocument(this, document);
  }

  /** The most tokens per chunk, special tokens and prompt included. */
  public int tokens() {
    return tokens;
  }

  /** The most text tokens that a chunk shares with the one before it. */
  public int overlap() {
    return overlap;
  }

  /** Tokens of every chunk that are not its text: special ones and the prompt's. */
  public int overhead() {
    return overhead;
  }

  int textTokens() {
    return tokens - overhead;
  }

  /** Tokens that a text has too many for one window; negative if it has fewer. */
  int excess(String text) {
    return tokenizer.encode(prompt.isEmpty() ? text : prompt + text).total() - tokens;
  }

  Segment segment(String document, int start) {
    int chars = Math.max(SEGMENT_CHARS, tokens * CHARS_PER_TOKEN);
    return Segment.at(tokenizer, document, start, chars);
  }
}
