package io.embark.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a class of transformers makes a tokenizer, as {@code tokenizer-recipes.json} has it. A value
 * {@code $KEY} stands for a key of {@code tokenizer_config.json} or its default; a rule with {@code
 * $if} or {@code $unless} is made if that key is true, or not.
 */
record TokenizerRecipe(JsonNode recipe) {
  /** The value of a key, its default if it is not given; null if there is none. */
  JsonNode value(ObjectNode keys, String key) {
    return keys.has(key) ? keys.get(key) : recipe.path("defaults").get(key);
  }

  /** Keys of tokens that the class has, given or not. */
  List<String> tokens() {
    List<String> tokens = new ArrayList<>();
    recipe
        .path("defaults")
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (key.endsWith("_token")) {
                tokens.add(key);
              }
            });
    return tokens;
  }

  /** Whether a token of this key takes the spaces before it, unless told otherwise. */
  boolean stripsLeft(String key) {
    for (JsonNode stripping : recipe.path("left-stripping")) {
      if (stripping.asText().equals(key)) {
        return true;
      }
    }
    return false;
  }

  /** Special tokens beside those with keys, where the files name none. */
  List<String> extraTokens(ObjectNode keys) {
    List<String> extra = new ArrayList<>();
    JsonNode named = recipe.path("extra");
    named.forEach(token -> extra.add(token.asText()));
    if (named.isTextual()) {
      for (int i = 0; i < value(keys, "extra_ids").asInt(); i++) {
        extra.add(named.asText().formatted(i));
      }
    }
    return extra;
  }

  JsonNode normalizer(ObjectNode keys, TokenizerJson json) {
    return made(recipe.path("normalizer"), keys, json);
  }

  JsonNode preTokenizer(ObjectNode keys, TokenizerJson json) {
    return made(recipe.path("pre_tokenizer"), keys, json);
  }

  /** Whether the class makes rules at all; if not, those of the file count. */
  boolean makesRules() {
    return recipe.has("pre_tokenizer");
  }

  /** Types of rules that files for this class have had, which the class replaces. */
  JsonNode knownRules() {
    return recipe.path("known rules");
  }

  boolean splitsWords() {
    return recipe.at("/pre_tokenizer/pretokenizers/0/type").asText().equals("WhitespaceSplit");
  }

  /** Settings of the model by their names. */
  Map<String, JsonNode> model(ObjectNode keys, TokenizerJson json) {
    Map<String, JsonNode> settings = new TreeMap<>();
    recipe
        .path("model")
        .fields()
        .forEachRemaining(
            field -> settings.put(field.getKey(), made(field.getValue(), keys, json)));
    return settings;
  }

  /** Ids or keys of the tokens around a text; a missing node if those of the file count. */
  JsonNode around(boolean before) {
    return recipe.path(before ? "before" : "after");
  }

  /** A template with its values; null for what is not made. */
  private JsonNode made(JsonNode template, ObjectNode keys, TokenizerJson json) {
    if (template.isTextual() && template.asText().startsWith("$")) {
      return special(template.asText().substring(1), keys, json);
    }
    if (template.isArray()) {
      ArrayNode list = JsonNodeFactory.instance.arrayNode();
      for (JsonNode entry : template) {
        JsonNode made = isWanted(entry, keys) ? made(entry, keys, json) : null;
        if (made != null) {
          list.add(made);
        }
      }
      return list;
    }
    if (!template.isObject()) {
      return template.isNull() || template.isMissingNode() ? null : template;
    }
    ObjectNode made = JsonNodeFactory.instance.objectNode();
    template
        .fields()
        .forEachRemaining(
            field -> {
              if (!field.getKey().startsWith("$")) {
                JsonNode value = made(field.getValue(), keys, json);
                made.set(field.getKey(), value == null ? NullNode.instance : value);
              }
            });
    return made;
  }

  private boolean isWanted(JsonNode entry, ObjectNode keys) {
    return (!entry.has("$if") || isTrue(keys, entry.get("$if").asText()))
        && (!entry.has("$unless") || !isTrue(keys, entry.get("$unless").asText()));
  }

  private boolean isTrue(ObjectNode keys, String key) {
    JsonNode value = value(keys, key);
    return value != null && value.asBoolean();
  }

  private JsonNode special(String name, ObjectNode keys, TokenizerJson json) {
    String key = name.replaceFirst(":.*", "");
    String otherwise = name.substring(name.indexOf(':') + 1);
    return switch (key) {
      case "precompiled" -> json.precompiled();
      case "scheme" -> TextNode.valueOf(isTrue(keys, "add_prefix_space") ? "always" : otherwise);
      case "legacy" -> TextNode.valueOf(legacyScheme(keys));
      case "piece" -> IntNode.valueOf(unknown(keys, json, Integer.parseInt(otherwise)));
      case "unscored" -> {
        boolean unscored = json.unscored.contains(AddedTokens.content(value(keys, "unk_token")));
        int given = value(keys, "unk_id").asInt();
        yield IntNode.valueOf(unscored ? unknown(keys, json, given) : given);
      }
      case "add_prefix_space" -> BooleanNode.valueOf(isTrue(keys, key));
      default -> {
        JsonNode value = value(keys, key);
        yield value == null || value.isNull() || !value.isObject()
            ? value
            : TextNode.valueOf(AddedTokens.content(value));
      }
    };
  }

  private int unknown(ObjectNode keys, TokenizerJson json, int otherwise) {
    Long id = json.vocabulary.get(AddedTokens.content(value(keys, "unk_token")));
    return id == null ? otherwise : id.intValue();
  }

  /** Llama: null is true. */
  private String legacyScheme(ObjectNode keys) {
    if (!keys.path("add_prefix_space").asBoolean(true)) {
      return "never";
    }
    return isTrue(keys, "legacy") ? "always" : "first";
  }
}
