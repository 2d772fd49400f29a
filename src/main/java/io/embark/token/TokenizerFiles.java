package io.embark.token;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The files of a model's tokenizer. {@code tokenizer.json} is the tokenizer; where {@code
 * tokenizer_config.json} contradicts it, that wins, as in transformers.
 *
 * @param config what {@code tokenizer_config.json} says
 * @param lowersFirst whether texts are put into small letters before the tokenizer's own rules, as
 *     {@code do_lower_case} of sentence-transformers does
 * @param ownSpacing whether spaces are left to {@code tokenizer.json} where transformers 5 splits
 *     texts at white space first
 */
public record TokenizerFiles(
    Path tokenizerJson, TokenizerConfig config, boolean lowersFirst, boolean ownSpacing) {
  public static final String CONFIG = "tokenizer_config.json";

  /**
   * @param folder where {@code tokenizer_config.json} is, if there is one
   * @param modelType as {@code config.json} has it, which says what tokenizer it is if nothing else
   *     does
   * @throws UserError if that file is broken, or asks for what Embark does not do
   */
  public static TokenizerFiles read(
      Path tokenizerJson, Path folder, String modelType, boolean lowersFirst) throws IOException {
    TokenizerConfig config = TokenizerConfig.read(folder.resolve(CONFIG), modelType);
    return new TokenizerFiles(tokenizerJson, config, lowersFirst, false);
  }

  /** A {@code tokenizer.json} that nothing contradicts. */
  public static TokenizerFiles of(Path tokenizerJson) {
    return new TokenizerFiles(tokenizerJson, TokenizerConfig.NONE, false, true);
  }

  /** Whether the spaces between words are those that {@code tokenizer.json} itself sees. */
  public TokenizerFiles withOwnSpacing(boolean own) {
    return new TokenizerFiles(tokenizerJson, config, lowersFirst, own);
  }

  /** The most tokens per text, special tokens included. */
  public Optional<Integer> maxLength() {
    return config.maxLength();
  }

  /**
   * The most tokens per text that {@code tokenizer.json} itself asks for, which counts where no
   * other file says anything; empty if it does not cut.
   *
   * @throws UserError if it is not JSON, or cuts texts in a way that Embark does not
   */
  public Optional<Integer> truncation() throws IOException {
    return Files.isRegularFile(tokenizerJson)
        ? TokenizerJson.truncation(tokenizerJson)
        : Optional.empty();
  }

  /**
   * How the tokenizer differs from {@code tokenizer.json}, as JSON, but for spaces; empty if it
   * does not.
   *
   * @throws UserError if the two contradict each other in a way that cannot be mended
   */
  public Optional<String> changes() throws IOException {
    return Files.isRegularFile(tokenizerJson)
        ? withOwnSpacing(true).changed().map(Object::toString)
        : Optional.empty();
  }

  /** The parts of {@code tokenizer.json} that have to be others; empty if none has. */
  Optional<ObjectNode> changed() throws IOException {
    boolean asIs = config.asksForNothing() && !lowersFirst && (ownSpacing || !config.splitsWords());
    return asIs
        ? Optional.empty()
        : config.changes(TokenizerJson.read(tokenizerJson), lowersFirst, ownSpacing);
  }

  /**
   * Whether white space around a text can change its tokens. BERT's rules throw it away, and so do
   * those that begin by splitting at it.
   *
   * @throws UserError if {@code tokenizer.json} is not JSON
   */
  public boolean spacesMatter() throws IOException {
    return Files.isRegularFile(tokenizerJson)
        && !Set.of("BertPreTokenizer", "WhitespaceSplit")
            .contains(TokenizerJson.preTokenizer(tokenizerJson));
  }

  /** Whether {@link #withOwnSpacing} makes a difference. */
  public boolean splitsWords() throws IOException {
    return config.splitsWords()
        && Files.isRegularFile(tokenizerJson)
        && TokenizerJson.preTokenizer(tokenizerJson).equals("Metaspace");
  }
}
