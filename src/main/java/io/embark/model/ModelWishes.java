package io.embark.model;

import io.embark.UserError;
import io.embark.model.ModelDirectory.Sourced;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.token.TokenizerFiles;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a model's files say that it wants to be run; empty where they say nothing.
 *
 * @param poolings the pooling it was trained with; of several, their vectors are joined
 * @param layers whose states are pooled
 * @param modules behind the pooling, but for a normalisation at the end, which is {@code norm}
 * @param excludePrompt set if the prompt's tokens are left out of the pooling
 * @param truncateDim how many values of the finished vector are kept
 * @param maxLength the most tokens per text, special tokens included
 * @param positions the longest text that the graph has learned positions for
 * @param prompts by name
 * @param defaultPrompt name of the prompt that goes before every text unless told otherwise
 * @param chatTemplate whether it has a template for conversations
 */
public record ModelWishes(
    Optional<Sourced<List<Pooling>>> poolings,
    Optional<Sourced<Layers>> layers,
    List<ModuleFile> modules,
    Optional<Sourced<Norm>> norm,
    Optional<Sourced<Boolean>> excludePrompt,
    Optional<Sourced<Integer>> truncateDim,
    Optional<Sourced<Integer>> maxLength,
    Optional<Sourced<Integer>> positions,
    Map<String, String> prompts,
    Optional<Sourced<String>> defaultPrompt,
    boolean chatTemplate) {

  /** A mean over the tokens of a text has no longest text; this is the most that can be set. */
  private static final Sourced<Integer> UNLIMITED = new Sourced<>(1_000_000, ModuleList.FILE);

  static ModelWishes of(
      SentenceTransformersModules modules,
      TransformerConfig config,
      TransformerModule transformer,
      SentenceTransformersConfig prompts,
      TokenizerFiles tokenizer,
      boolean chatTemplate,
      String model)
      throws IOException {
    if (modules.present() && modules.poolings().isEmpty() && !modules.isStatic()) {
      requirePooler(transformer, model);
    }
    if (transformer.pooler().isPresent() && modules.poolings().isPresent()) {
      throw new UserError(
          "Model %s: its Transformer gives sentence vectors (%s), and its Pooling takes token states (%s)."
              .formatted(
                  model, transformer.pooler().get().source(), modules.poolings().get().source()));
    }
    Optional<Sourced<List<Pooling>>> poolings =
        modules
            .poolings()
            .or(transformer::pooler)
            .or(() -> modules.present() ? Optional.empty() : generates(config));
    return new ModelWishes(
        poolings,
        transformer.layers(),
        modules.modules(),
        modules.norm(),
        modules.excludePrompt().or(() -> ofInstructor(model)),
        prompts.truncateDim(),
        modules.isStatic()
            ? Optional.of(staticLength(tokenizer))
            : maxLength(config, transformer, tokenizer),
        modules.isStatic() ? Optional.empty() : config.positions(),
        prompts.prompts(),
        prompts.defaultPrompt(),
        chatTemplate);
  }

  /** Of a static model's tokenizer the library keeps the cut that the file asks for. */
  private static Sourced<Integer> staticLength(TokenizerFiles tokenizer) throws IOException {
    return tokenizer
        .truncation()
        .map(most -> new Sourced<>(most, ModelFiles.TOKENIZER + ", truncation"))
        .orElse(UNLIMITED);
  }

  /** The library leaves these models' prompts out by their names; no file of theirs says so. */
  private static Optional<Sourced<Boolean>> ofInstructor(String model) {
    return model.matches("hkunlp/instructor-(base|large|xl)(@.*)?")
        ? Optional.of(new Sourced<>(true, "name"))
        : Optional.empty();
  }

  private static void requirePooler(TransformerModule transformer, String model) {
    if (transformer.pooler().isEmpty()) {
      throw new UserError(
          "Model %s: %s names no Pooling, so it gives no sentence vector."
              .formatted(model, ModuleList.FILE));
    }
  }

  /** Only the last token of a model that generates text has seen all of the text. */
  private static Optional<Sourced<List<Pooling>>> generates(TransformerConfig config) {
    return config.generates()
        ? Optional.of(new Sourced<>(List.of(Pooling.LAST_TOKEN), "config.json"))
        : Optional.empty();
  }

  /**
   * sentence-transformers' own limit, else the smaller of tokenizer's and model's; never more than
   * there are positions.
   */
  private static Optional<Sourced<Integer>> maxLength(
      TransformerConfig config, TransformerModule transformer, TokenizerFiles tokenizer) {
    Optional<Sourced<Integer>> ofTokenizer =
        tokenizer.maxLength().map(n -> new Sourced<>(n, TokenizerFiles.CONFIG));
    Optional<Sourced<Integer>> limit =
        transformer.maxLength().or(() -> smaller(ofTokenizer, config.usualLength()));
    return smaller(limit, config.positions());
  }

  private static Optional<Sourced<Integer>> smaller(
      Optional<Sourced<Integer>> one, Optional<Sourced<Integer>> other) {
    return Stream.concat(one.stream(), other.stream())
        .reduce((a, b) -> b.value() < a.value() ? b : a);
  }
}
