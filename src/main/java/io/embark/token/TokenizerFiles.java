package io.embark.token;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The files of a model's tokenizer. {@code tokenizer.json} is the tokenizer, as far as the class
 * that transformers reads it with takes it as it stands.
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
   * @param modelsClass {@code tokenizer_class} of {@code config.json}, which counts where {@code
   *     tokenizer_config.json} has none
   * @throws UserError if that file is broken, or asks for what Embark does not do
   */
  public static TokenizerFiles read(
      Path tokenizerJson,
      Path folder,
      String modelType,
      Optional<String> modelsClass,
      boolean lowersFirst)
      throws IOException {
    TokenizerConfig config = TokenizerConfig.read(folder.resolve(CONFIG), modelType, modelsClass);
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
   * How the tokenizer differs from {@code tokenizer.json}, as JSON, but for what {@link
   * #withOwnSpacing} says; empty if it does not.
   *
   * @throws UserError if the two contradict each other in a way that cannot be mended
   */
  public Optional<String> changes() throws IOException {
    return Files.isRegularFile(tokenizerJson)
        ? find(TokenizerChanges.Spaces.UNSAID).map(Object::toString)
        : Optional.empty();
  }

  /** The parts of {@code tokenizer.json} that have to be others; empty if none has. */
  Optional<ObjectNode> changed() throws IOException {
    return find(
        ownSpacing ? TokenizerChanges.Spaces.AS_THE_FILE : TokenizerChanges.Spaces.AS_THE_CLASS);
  }

  /**
   * transformers takes the side of {@code tokenizer.json} where no other file names one.
   *
   * @throws UserError if long texts are to lose their beginning
   */
  void requireCutAtTheEnd() throws IOException {
    if (!config.keys().hasNonNull(TokenizerConfig.SIDE)) {
      TokenizerJson.requireCutAtTheEnd(tokenizerJson);
    }
  }

  private Optional<ObjectNode> find(TokenizerChanges.Spaces spaces) throws IOException {
    if (config == TokenizerConfig.NONE && !lowersFirst) {
      return Optional.empty();
    }
    TokenizerJson json = TokenizerJson.read(tokenizerJson);
    return Optional.of(new TokenizerChanges(tokenizerJson, json, config).find(lowersFirst, spaces))
        .filter(changes -> !changes.isEmpty());
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
    return config.type().recipe().filter(TokenizerRecipe::splitsWords).isPresent()
        && Files.isRegularFile(tokenizerJson)
        && TokenizerJson.preTokenizer(tokenizerJson).equals("Metaspace");
  }
}
