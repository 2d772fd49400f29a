package io.embark.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import io.embark.json.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The tokens that are found in texts before everything else. transformers makes them of those in
 * {@code tokenizer.json} or, where {@code tokenizer_config.json} lists them, of that list, and adds
 * whatever special token has a name somewhere.
 *
 * @param listed {@code added_tokens_decoder}; empty if there is none
 * @param older {@code added_tokens.json}
 * @param extra special tokens without a name; empty if no list says
 */
record AddedTokens(
    Optional<TreeMap<Long, ObjectNode>> listed,
    Map<String, Long> older,
    Optional<List<JsonNode>> extra) {
  static final AddedTokens NONE = new AddedTokens(Optional.empty(), Map.of(), Optional.empty());
  private static final String LIST = "added_tokens_decoder";
  private static final Set<String> NAMED =
      Set.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");
  private static final List<String> FLAGS =
      List.of("single_word", "lstrip", "rstrip", "normalized");

  /**
   * Reads what the files beside {@code tokenizer.json} say.
   *
   * @param keys takes what {@code special_tokens_map.json} says
   */
  static AddedTokens read(JsonFile config, ObjectNode keys, Path folder) throws IOException {
    Map<String, Long> older = new LinkedHashMap<>();
    Optional<TreeMap<Long, ObjectNode>> listed = Optional.empty();
    if (config.has(LIST)) {
      listed = Optional.of(list(config));
    } else {
      keys.setAll(JsonFile.object(folder.resolve("special_tokens_map.json")).copy());
      JsonFile file = JsonFile.object(folder.resolve("added_tokens.json"));
      for (String token : file.keys()) {
        older.put(token, file.number(token, 0, Integer.MAX_VALUE).orElseThrow().longValue());
      }
    }
    for (String key : NAMED) {
      if (keys.hasNonNull(key) && content(keys.get(key)) == null) {
        throw config.wrong(key, "a text, or an AddedToken with a content");
      }
    }
    return new AddedTokens(listed, older, extra(keys));
  }

  private static TreeMap<Long, ObjectNode> list(JsonFile config) {
    TreeMap<Long, ObjectNode> listed = new TreeMap<>();
    JsonFile list = config.within(LIST);
    for (String id : list.keys()) {
      ObjectNode token = list.within(id).copy();
      if (!id.matches("[0-9]{1,9}") || !token.path("content").isTextual()) {
        throw list.wrong(id, "a token with a content, by its id");
      }
      listed.put(Long.valueOf(id), token);
    }
    return listed;
  }

  private static Optional<List<JsonNode>> extra(ObjectNode keys) {
    for (String key : List.of("extra_special_tokens", "additional_special_tokens")) {
      JsonNode tokens = keys.path(key);
      if (tokens.isArray() && !tokens.isEmpty()) {
        List<JsonNode> extra = new ArrayList<>();
        tokens.forEach(extra::add);
        return Optional.of(extra);
      }
    }
    return Optional.empty();
  }

  /** The text of a token, given as one or as an object; null if it is neither. */
  static String content(JsonNode token) {
    return token == null ? null : (token.isObject() ? token.path("content") : token).textValue();
  }

  /**
   * The tokens as transformers has them.
   *
   * @return {@code added_tokens} of a {@code tokenizer.json}; empty if they are those that it has
   * @throws UserError if the ids would be others
   */
  Optional<ArrayNode> changed(
      TokenizerJson json, ObjectNode keys, Optional<TokenizerRecipe> recipe, Path file) {
    Map<String, ObjectNode> found = new LinkedHashMap<>();
    json.addedTokens.forEach(token -> found.put(token.path("content").asText(), token));
    Map<String, ObjectNode> made = new LinkedHashMap<>();
    if (recipe.filter(TokenizerRecipe::makesRules).isEmpty()) {
      made.putAll(found);
    }
    for (ObjectNode token : given(json).values()) {
      String content = token.path("content").asText();
      long id = made.containsKey(content) ? id(made.get(content)) : next(content, made, json);
      made.put(content, written(token, id));
    }
    for (ObjectNode token : special(keys, recipe)) {
      String content = token.path("content").asText();
      if (!content.isEmpty() && !made.containsKey(content)) {
        made.put(content, written(token, next(content, made, json)));
      }
    }
    made.forEach(
        (content, token) -> {
          ObjectNode before = found.get(content);
          if (before != null && id(before) != id(token)) {
            throw new UserError(
                ("%s: the added token '%s' has id %d, but with the ids of the others transformers"
                        + " would give it %d. Save the tokenizer again:"
                        + " AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR).")
                    .formatted(file, content, id(before), id(token)));
          }
        });
    if (made.keySet().equals(found.keySet())
        && made.values().stream().allMatch(token -> same(token, found.get(content(token))))) {
      return Optional.empty();
    }
    ArrayNode tokens = JsonNodeFactory.instance.arrayNode();
    made.values().stream().sorted((a, b) -> Long.compare(id(a), id(b))).forEach(tokens::add);
    return Optional.of(tokens);
  }

  /** Those that a file lists, by their ids. */
  private TreeMap<Long, ObjectNode> given(TokenizerJson json) {
    if (listed.isPresent()) {
      return listed.get();
    }
    TreeMap<Long, ObjectNode> given = new TreeMap<>();
    older.forEach((content, id) -> given.put(id, token(content).put("normalized", true)));
    json.addedTokens.forEach(token -> given.put(id(token), token));
    return given;
  }

  /** Those that have a name, or are special without one. */
  List<ObjectNode> special(ObjectNode keys, Optional<TokenizerRecipe> recipe) {
    List<ObjectNode> special = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>(recipe.map(TokenizerRecipe::tokens).orElse(List.of()));
    keys.fieldNames()
        .forEachRemaining(
            key -> {
              if (key.endsWith("_token")) {
                names.add(key);
              }
            });
    for (String name : names) {
      JsonNode value = recipe.isPresent() ? recipe.get().value(keys, name) : keys.get(name);
      if (content(value) != null) {
        ObjectNode token = specialToken(value);
        if (value.isTextual() && recipe.isPresent() && recipe.get().stripsLeft(name)) {
          token.put("lstrip", true);
        }
        special.add(token);
      }
    }
    // As an object it gives them names.
    if (keys.path("extra_special_tokens").isObject()) {
      for (JsonNode token : keys.get("extra_special_tokens")) {
        special.add(specialToken(token));
      }
    }
    List<JsonNode> others = new ArrayList<>();
    recipe
        .map(r -> r.extraTokens(keys))
        .orElse(List.of())
        .forEach(t -> others.add(token(t).get("content")));
    extra.orElse(others).stream()
        .filter(token -> content(token) != null)
        .forEach(token -> special.add(specialToken(token)));
    return special;
  }

  private static ObjectNode specialToken(JsonNode value) {
    return value.isObject() ? (ObjectNode) value : token(value.asText());
  }

  private static ObjectNode token(String content) {
    return JsonNodeFactory.instance.objectNode().put("content", content).put("normalized", false);
  }

  private static long next(String content, Map<String, ObjectNode> made, TokenizerJson json) {
    Long known = json.vocabulary.get(content);
    if (known != null) {
      return known;
    }
    long size = json.vocabulary.size();
    long most = made.values().stream().mapToLong(AddedTokens::id).max().orElse(-1);
    return Math.max(most + 1, size);
  }

  private static ObjectNode written(JsonNode token, long id) {
    ObjectNode written = JsonNodeFactory.instance.objectNode();
    written.put("id", id).put("content", token.path("content").asText());
    for (String flag : FLAGS) {
      written.put(flag, token.path(flag).asBoolean());
    }
    return written.put("special", token.path("special").asBoolean(true));
  }

  private static long id(JsonNode token) {
    return token.path("id").asLong();
  }

  private static boolean same(JsonNode a, JsonNode b) {
    return FLAGS.stream().allMatch(flag -> a.path(flag).asBoolean() == b.path(flag).asBoolean());
  }
}
