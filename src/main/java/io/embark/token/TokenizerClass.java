package io.embark.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The class of transformers that reads a model's tokenizer files, found as its {@code
 * AutoTokenizer} finds it. Some take {@code tokenizer.json} as it stands; most take no more of it
 * than the vocabulary, and make the rules from their own code and from keys of {@code
 * tokenizer_config.json}.
 *
 * @param name as the files have it; empty if they name none and no {@code model_type}
 * @param namedBy where the name is from, for messages
 * @param recipe how the class makes its rules; empty if it takes those of {@code tokenizer.json}
 * @param nameCounts whether another name in {@code tokenizer_config.json} would be another class;
 *     of a few model types it would not
 */
record TokenizerClass(
    String name, String namedBy, Optional<TokenizerRecipe> recipe, boolean nameCounts) {
  /** Of a {@code tokenizer.json} alone. */
  static final TokenizerClass NONE = new TokenizerClass("", "", Optional.empty(), true);

  private static final TokenizerClass AS_IT_STANDS =
      new TokenizerClass("TokenizersBackend", "", Optional.empty(), true);

  private static final JsonNode CLASSES = resource("tokenizer-classes.json");
  private static final JsonNode RECIPES = resource("tokenizer-recipes.json");
  private static final String FAST = "Fast";

  /**
   * Finds the class.
   *
   * @param own {@code tokenizer_class} of {@code tokenizer_config.json}
   * @param ofModel {@code tokenizer_class} of {@code config.json}
   * @param modelType {@code model_type} of {@code config.json}; empty if it has none
   * @param config for messages
   * @throws UserError if it is a class of which Embark does not know what tokens it gives
   */
  static TokenizerClass of(
      Optional<String> own, Optional<String> ofModel, String modelType, Path config) {
    Optional<String> named = own.or(() -> ofModel);
    String registered = CLASSES.path("model types").path(modelType).asText(null);
    if (named.isEmpty() && (registered == null || registered.isEmpty())) {
      return modelType.isEmpty() ? NONE : AS_IT_STANDS;
    }
    boolean differs =
        named.isPresent() && registered != null && !base(named.get()).equals(registered);
    boolean forced = contains("model types whose class counts", modelType);
    if (differs && registered.isEmpty()) {
      return AS_IT_STANDS;
    }
    if (named.isEmpty() || differs && forced) {
      return known(
          registered, "model_type %s in config.json".formatted(modelType), config, !forced);
    }
    String by = own.isPresent() ? config.getFileName().toString() : "config.json";
    return known(differs ? named.get() : base(named.get()), by, config, !forced);
  }

  private static String base(String name) {
    return name.endsWith(FAST) && !name.equals("PreTrainedTokenizerFast")
        ? name.substring(0, name.length() - FAST.length())
        : name;
  }

  private static TokenizerClass known(
      String name, String namedBy, Path config, boolean nameCounts) {
    boolean python = contains("without tokenizer.json", name);
    if (python || contains("without recipe", name)) {
      throw new UserError(
          ("%s: the tokenizer's class is %s (%s), which transformers builds %s, so that Embark"
                  + " cannot tell whether tokenizer.json gives its tokens. If the model was trained"
                  + " with tokenizer.json as it stands, set \"tokenizer_class\":"
                  + " \"PreTrainedTokenizerFast\" in %s.")
              .formatted(
                  config,
                  name,
                  namedBy,
                  python ? "without tokenizer.json" : "in a way that Embark does not know",
                  config.getFileName()));
    }
    String recipe = CLASSES.path("recipes").path(name).asText(null);
    return new TokenizerClass(
        name,
        namedBy,
        Optional.ofNullable(recipe).map(key -> new TokenizerRecipe(RECIPES.get(key))),
        nameCounts);
  }

  private static boolean contains(String list, String name) {
    for (JsonNode entry : CLASSES.path(list)) {
      if (entry.asText().equals(name)) {
        return true;
      }
    }
    return false;
  }

  /** Whether nothing says what class it is. */
  boolean isUnnamed() {
    return name.isEmpty();
  }

  /** What a message says of a part that the class would make another. */
  UserError contradicts(Path config, Path tokenizerJson, String part, String built, String found) {
    return new UserError(
        ("%s has '%s' %s, but the tokenizer's class %s (%s) makes it %s, as transformers 5 uses no"
                + " more than the vocabulary of that file. %sIf what the class makes is meant, save"
                + " the tokenizer again: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR).")
            .formatted(
                tokenizerJson,
                part,
                found,
                name,
                namedBy,
                built,
                nameCounts
                    ? "If tokenizer.json is right as it stands, set \"tokenizer_class\":"
                        + " \"PreTrainedTokenizerFast\" in %s. ".formatted(config.getFileName())
                    : ""));
  }

  private static JsonNode resource(String name) {
    try (InputStream in = TokenizerClass.class.getResourceAsStream(name)) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException("The resource " + name + " cannot be read", e);
    }
  }
}
