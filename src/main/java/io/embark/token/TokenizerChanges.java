package io.embark.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What of a {@code tokenizer.json} has to be another so that it gives the tokens that transformers
 * 5 gives: its classes make the rules themselves. Where that comes to a key of {@code
 * tokenizer_config.json}, or to what files for a class were like in transformers 4, the rules are
 * those of the class. Where it comes to anything else, nobody can tell which of the two the model
 * was trained with, and it is refused.
 */
final class TokenizerChanges {
  private final Path file;
  private final TokenizerJson json;
  private final TokenizerConfig config;
  private JsonNode normalizer;
  private JsonNode preTokenizer;

  TokenizerChanges(Path file, TokenizerJson json, TokenizerConfig config) {
    this.file = file;
    this.json = json;
    this.config = config;
    this.normalizer = json.normalizer;
    this.preTokenizer = json.preTokenizer;
  }

  /** Which differences in how spaces are treated are left out. */
  enum Spaces {
    /** None: the tokens of today. */
    AS_THE_CLASS,
    /** Where the class splits at white space and the file does not: all its rules. */
    AS_THE_FILE,
    /** The same, unless the rules differ in more than that. */
    UNSAID
  }

  /**
   * The parts that have to be others: {@code normalizer}, {@code pre_tokenizer}, {@code
   * added_tokens}.
   *
   * @param lowersFirst whether letters are to be lowered before all other rules
   * @throws UserError if it cannot be told what is meant
   */
  ObjectNode find(boolean lowersFirst, Spaces spaces) {
    Optional<TokenizerRecipe> recipe = config.type().recipe();
    if (recipe.filter(TokenizerRecipe::makesRules).isPresent()) {
      takeRules(recipe.get(), spaces);
      requireModel(recipe.get());
    } else if (config.type().isUnnamed()) {
      takeKeys();
    }
    if (lowersFirst && !TokenizerRules.of(normalizer).lowers()) {
      ObjectNode both = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
      ArrayNode rules = both.putArray("normalizers");
      rules.addObject().put("type", "Lowercase");
      if (normalizer != null && !normalizer.isNull()) {
        rules.add(normalizer);
      }
      normalizer = both;
    }
    ObjectNode changes = JsonNodeFactory.instance.objectNode();
    put(changes, "normalizer", normalizer, json.normalizer);
    put(changes, "pre_tokenizer", preTokenizer, json.preTokenizer);
    config
        .tokens()
        .changed(json, config.keys(), recipe, file)
        .ifPresent(tokens -> changes.set("added_tokens", tokens));
    return changes;
  }

  private static void put(ObjectNode changes, String part, JsonNode made, JsonNode found) {
    if (made != found) {
      changes.set(part, made == null ? NullNode.instance : made);
    }
  }

  private void takeRules(TokenizerRecipe recipe, Spaces spaces) {
    JsonNode madeNormalizer = recipe.normalizer(config.keys(), json);
    JsonNode madePreTokenizer = recipe.preTokenizer(config.keys(), json);
    TokenizerRules found = TokenizerRules.of(json.normalizer);
    TokenizerRules foundCuts = TokenizerRules.of(json.preTokenizer);
    TokenizerRules made = TokenizerRules.of(madeNormalizer);
    TokenizerRules madeCuts = TokenizerRules.of(madePreTokenizer);
    if (recipe.splitsWords() && foundCuts.beginsWith("WhitespaceSplit")) {
      found = found.beforeSplitting();
    }
    if (found.equals(made) && foundCuts.equals(madeCuts)) {
      return;
    }
    if (found.followedBy(foundCuts).areOf(recipe.knownRules())) {
      boolean unsplit = recipe.splitsWords() && foundCuts.beginsWith("Metaspace");
      boolean onlySpaces =
          found.withoutSpaces().equals(made.withoutSpaces())
              && foundCuts.equals(madeCuts.behindSplitting());
      if (!unsplit || spaces == Spaces.AS_THE_CLASS || spaces == Spaces.UNSAID && !onlySpaces) {
        normalizer = found.equals(made) ? json.normalizer : madeNormalizer;
        preTokenizer = foundCuts.equals(madeCuts) ? json.preTokenizer : madePreTokenizer;
      }
      return;
    }
    if (!found.equals(made)) {
      requireSame("normalizer", found, made);
      normalizer = TokenizerRules.withKeysOf(json.normalizer, madeNormalizer);
    }
    if (!foundCuts.equals(madeCuts)) {
      requireSame("pre_tokenizer", foundCuts, madeCuts);
      preTokenizer = TokenizerRules.withKeysOf(json.preTokenizer, madePreTokenizer);
    }
  }

  private void requireSame(String part, TokenizerRules found, TokenizerRules made) {
    if (!found.equalsButForKeys(made)) {
      throw contradiction(part, made.inWords(), found.inWords());
    }
  }

  private UserError contradiction(String part, String made, String found) {
    return config.type().contradicts(config.file(), file, part, made, found);
  }

  /** Settings that the class gives its model; left out ones are false or what is usual. */
  private void requireModel(TokenizerRecipe recipe) {
    for (Map.Entry<String, JsonNode> setting : recipe.model(config.keys(), json).entrySet()) {
      String found = json.setting("model." + setting.getKey());
      JsonNode made = setting.getValue();
      boolean off = made == null || made.isNull() || made.asText().isEmpty();
      String wanted = off ? "false" : made.asText();
      boolean same =
          found == null || found.isEmpty() || found.equals("0.0")
              ? !wanted.equals("true") && !setting.getKey().equals("unk_id")
              : found.equals(wanted);
      if (!same) {
        throw contradiction("model." + setting.getKey(), off ? "null" : wanted, found);
      }
    }
  }

  /** Without a class, keys that are given count, as far as the rules have them. */
  private void takeKeys() {
    ObjectNode keys = config.keys();
    if (isOf(normalizer, "BertNormalizer")) {
      ObjectNode changed = normalizer.deepCopy();
      for (Map.Entry<String, String> key :
          Map.of(
                  "do_lower_case", "lowercase",
                  "strip_accents", "strip_accents",
                  "tokenize_chinese_chars", "handle_chinese_chars")
              .entrySet()) {
        if (keys.has(key.getKey())) {
          changed.set(key.getValue(), keys.get(key.getKey()));
        }
      }
      normalizer = changed.equals(normalizer) ? normalizer : changed;
    }
    JsonNode prefix = keys.path("add_prefix_space");
    if (isOf(preTokenizer, "ByteLevel")
        && prefix.isBoolean()
        && !prefix.equals(preTokenizer.path("add_prefix_space"))) {
      preTokenizer = preTokenizer.<ObjectNode>deepCopy().set("add_prefix_space", prefix);
    }
  }

  private static boolean isOf(JsonNode part, String type) {
    return part != null && part.path("type").asText().equals(type);
  }
}
