package io.embark.embed;

import io.embark.UserError;
import io.embark.text.Chunker;
import io.embark.text.Spaces;
import io.embark.token.Tokenizer;
import io.embark.token.Tokens;

/** Tokenises texts with the prompt before them, and finds what in them is not the text's own. */
final class PromptTokenizer implements AutoCloseable {
  private final Tokenizer tokenizer;
  private final String prompt;

  /** The model was trained on texts without space around them. */
  private final boolean strips;

  /** Tokens that every text gets regardless of its content: special ones and the prompt's. */
  private final int emptyTokens;

  /** Whether the last of them is special. */
  private final boolean endsSpecial;

  /**
   * @throws UserError if the prompt leaves no room for a text
   */
  PromptTokenizer(Tokenizer tokenizer, String prompt, boolean strips) {
    this.tokenizer = tokenizer;
    this.prompt = prompt;
    this.strips = strips;
    Tokens empty = tokenize("");
    this.emptyTokens = empty.total();
    this.endsSpecial = empty.used() > 0 && tokenizer.isSpecial(empty.ids()[empty.used() - 1]);
    if (emptyTokens >= tokenizer.maxLength() && !prompt.isEmpty()) {
      throw new UserError(
          ("prompt: takes %d tokens, special tokens included, and max-length is %d: no token of any"
                  + " text would be left. Use a shorter prompt or a larger max-length.")
              .formatted(emptyTokens, tokenizer.maxLength()));
    }
  }

  /** As sentence-transformers does for its models: without space around prompt and text. */
  Tokens tokenize(String text) {
    return tokenizeAlone(prompt.isEmpty() ? text : prompt + text);
  }

  private Tokens tokenizeAlone(String text) {
    return tokenizer.encode(strips ? Spaces.stripped(text) : text);
  }

  /** Whether a text shows nothing, or nothing that the model reads. */
  boolean isBlank(String text, Tokens tokens) {
    // A text may join the last token of the prompt, so few tokens are not yet none.
    return showsNothing(text)
        || tokens.total() <= emptyTokens
            && (prompt.isEmpty() || tokenizeAlone(text).total() <= tokenizer.specialTokens());
  }

  /** Unlike {@link String#isBlank} counts no-break spaces, control and format characters too. */
  static boolean showsNothing(String text) {
    return text.codePoints()
        .allMatch(
            c ->
                Character.isWhitespace(c)
                    || Character.isSpaceChar(c)
                    || Character.isISOControl(c)
                    || Character.getType(c) == Character.FORMAT);
  }

  /** The fraction of a text's own tokens that stand for what the vocabulary lacks, 0 to 1. */
  double unknownTokenRatio(Tokens text) {
    long unknownId = tokenizer.unknownId();
    int first = promptEnd();
    int end = text.used() - tokenizer.specialSuffix();
    if (unknownId < 0 || end <= first) {
      return 0;
    }
    int unknown = 0;
    for (int i = first; i < end; i++) {
      unknown += text.ids()[i] == unknownId ? 1 : 0;
    }
    return (double) unknown / (end - first);
  }

  /** Tokens before a text's own: special ones and the prompt's. */
  private int promptEnd() {
    return emptyTokens - tokenizer.specialSuffix();
  }

  /** Tokens at a text's start that are not pooled. */
  int skipStart(boolean withoutSpecial, boolean withoutPrompt) {
    if (withoutPrompt && !prompt.isEmpty()) {
      // As sentence-transformers counts: all that the prompt alone gets, less one special at most.
      return endsSpecial ? emptyTokens - 1 : emptyTokens;
    }
    return withoutSpecial ? tokenizer.specialPrefix() : 0;
  }

  /** Tokens at a text's end that are not pooled. */
  int skipEnd(boolean withoutSpecial) {
    return withoutSpecial ? tokenizer.specialSuffix() : 0;
  }

  Chunker chunker(int tokens, int overlap) {
    return new Chunker(tokenizer, prompt, tokens, overlap);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
