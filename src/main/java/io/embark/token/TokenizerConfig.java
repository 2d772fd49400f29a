package io.embark.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import io.embark.json.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code tokenizer_config.json} and the smaller files beside it. Most keys are names of special
 * tokens, or matter to decoding only.
 *
 * @param file where it stands, for messages; null for no file
 * @param keys all that stands in it, and what {@code special_tokens_map.json} adds
 * @param type the class of transformers that reads the files
 * @param maxLength the most tokens per text; empty for no limit
 * @param chatTemplate whether it has a chat template
 * @param addsFirst whether it asks for a token before every text, likewise {@code addsLast}
 */
public record TokenizerConfig(
    Path file,
    ObjectNode keys,
    TokenizerClass type,
    AddedTokens tokens,
    Optional<Integer> maxLength,
    boolean chatTemplate,
    boolean addsFirst,
    boolean addsLast) {
  static final TokenizerConfig NONE =
      new TokenizerConfig(
          null,
          JsonNodeFactory.instance.objectNode(),
          TokenizerClass.NONE,
          AddedTokens.NONE,
          Optional.empty(),
          false,
          false,
          false);

  static final String SIDE = "truncation_side";

  /** Tokenizers without a limit carry 1e30 there. */
  private static final double NO_LIMIT = 1_000_000;

  private static final List<String> FLAGS =
      List.of(
          "do_lower_case",
          "tokenize_chinese_chars",
          "add_prefix_space",
          "keep_accents",
          "split_by_punct",
          "legacy");

  /**
   * @param modelType {@code model_type} of {@code config.json}
   * @param modelsClass {@code tokenizer_class} of {@code config.json}
   */
  static TokenizerConfig read(Path path, String modelType, Optional<String> modelsClass)
      throws IOException {
    JsonFile file =
        JsonFile.object(path)
            .withoutNulls(
                "model_max_length",
                "max_len",
                "tokenizer_class",
                "truncation_side",
                "auto_map",
                "add_bos_token",
                "add_eos_token",
                "split_special_tokens");
    requireSide(file.text(SIDE), path);
    requireUnset(file);
    JsonFile flags = file.withoutNulls("add_prefix_space", "legacy", "strip_accents");
    FLAGS.forEach(flags::flag);
    flags.flag("strip_accents");
    for (String key : List.of("extra_ids", "unk_id")) {
      file.number(key, 0, (int) NO_LIMIT);
    }
    ObjectNode keys = file.copy();
    AddedTokens tokens = AddedTokens.read(file, keys, path.toAbsolutePath().getParent());
    return new TokenizerConfig(
        path,
        keys,
        TokenizerClass.of(file.text("tokenizer_class"), modelsClass, modelType, path),
        tokens,
        maxLength(file, file.has("model_max_length") ? "model_max_length" : "max_len"),
        file.isSet("chat_template"),
        file.flag("add_bos_token").orElse(false),
        file.flag("add_eos_token").orElse(false));
  }

  /** The older name of the key counts where the newer one is not. */
  private static Optional<Integer> maxLength(JsonFile file, String key) {
    if (file.anyNumber(key).filter(n -> n >= NO_LIMIT).isPresent()) {
      return Optional.empty();
    }
    return file.number(key, 1, (int) NO_LIMIT);
  }

  /**
   * @throws UserError if texts are to lose their beginning
   */
  public static void requireSide(Optional<String> side, Path file) {
    if (side.isPresent() && !side.get().equals("right")) {
      throw new UserError(
          ("%s: truncation_side is '%s'; Embark cuts long texts at their end ('right') only. If no"
                  + " text is longer than the model takes, or their beginnings are what matters,"
                  + " set it to right; or cut the texts yourself.")
              .formatted(file, side.get()));
    }
  }

  private static void requireUnset(JsonFile file) {
    if (file.flag("split_special_tokens").orElse(false)) {
      throw file.wrong("split_special_tokens", "false: Embark keeps special tokens whole");
    }
    if (file.json("fix_mistral_regex").filter("true"::equals).isPresent()) {
      throw file.wrong(
          "fix_mistral_regex",
          "false: transformers would cut texts by another pattern than that of tokenizer.json, and"
              + " Embark does not. If tokenizer.json has the mended pattern already, remove it");
    }
    if (file.isSet("auto_map")) {
      throw file.wrong(
          "auto_map",
          "nothing: the tokenizer has code of its own, which Embark does not run. If tokenizer.json"
              + " gives the same tokens, remove it");
    }
  }

  /**
   * Checks that the tokenizer adds the special tokens that are asked for.
   *
   * @throws UserError if it does not
   */
  void requireSpecialTokens(int prefix, int suffix) {
    for (var asked :
        List.of(new Asked("bos", addsFirst, prefix), new Asked("eos", addsLast, suffix))) {
      if (asked.wanted && asked.found == 0) {
        throw new UserError(
            ("%s has add_%s_token, but tokenizer.json adds no token there, and which of the two the"
                    + " model was trained with cannot be seen. Save the tokenizer with that token in"
                    + " its post_processor, or set it to false.")
                .formatted(file, asked.name));
      }
    }
  }

  /**
   * Ids of tokens that are special by a name, or listed as such: {@code all_special_ids} of
   * transformers.
   *
   * @param suffix what the tokenizer adds, which is taken where no file says anything
   */
  Set<Long> specialIds(TokenizerJson json, long[] suffix) {
    Set<Long> ids = new HashSet<>();
    if (this == NONE) {
      Arrays.stream(suffix).forEach(ids::add);
    }
    for (ObjectNode token : tokens.special(keys, type.recipe())) {
      String text = token.path("content").asText();
      ids.add(json.added.getOrDefault(text, json.vocabulary.getOrDefault(text, -1L)));
    }
    return Set.copyOf(ids);
  }

  /**
   * Checks that the tokenizer adds the tokens that its class adds.
   *
   * @throws UserError if it adds others
   */
  void requireAround(Path tokenizerJson, TokenizerJson json, long[] prefix, long[] suffix) {
    if (type.recipe().isPresent()) {
      String found = "%s .. %s".formatted(Arrays.toString(prefix), Arrays.toString(suffix));
      List<Long> before = around(json, type.recipe().get(), true, prefix);
      List<Long> after = around(json, type.recipe().get(), false, suffix);
      String made = "%s .. %s".formatted(before, after);
      if (!made.equals(found)) {
        throw type.contradicts(
            file, tokenizerJson, "post_processor", made, "which adds the ids " + found);
      }
    }
  }

  private List<Long> around(
      TokenizerJson json, TokenizerRecipe recipe, boolean before, long[] found) {
    JsonNode tokens = recipe.around(before);
    List<Long> ids = new ArrayList<>();
    if (tokens.isMissingNode()) {
      Arrays.stream(found).forEach(ids::add);
    }
    for (JsonNode token : tokens) {
      String text = AddedTokens.content(recipe.value(keys, token.asText()));
      Long id = json.added.getOrDefault(text, json.vocabulary.getOrDefault(text, -1L));
      ids.add(token.isNumber() ? token.longValue() : id);
    }
    return ids;
  }

  private record Asked(String name, boolean wanted, int found) {}
}
