package io.embark.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The rules of a {@code normalizer} or {@code pre_tokenizer}, one after the other: sequences are
 * taken apart, and what may be left out or written in two ways is written in one, so that equal
 * lists are equal rules.
 */
record TokenizerRules(List<ObjectNode> rules) {
  /** Fields of rules that follow from keys of {@code tokenizer_config.json}. */
  private static final Set<String> FROM_KEYS =
      Set.of(
          "clean_text", "handle_chinese_chars", "strip_accents", "lowercase", "add_prefix_space");

  /**
   * @param part null for none
   */
  static TokenizerRules of(JsonNode part) {
    List<ObjectNode> rules = new ArrayList<>();
    addAll(part, rules);
    return new TokenizerRules(List.copyOf(rules));
  }

  private static void addAll(JsonNode part, List<ObjectNode> rules) {
    if (part == null || !part.isObject()) {
      return;
    }
    if (!part.path("type").asText().equals("Sequence")) {
      rules.add(inOneWay(part.deepCopy()));
      return;
    }
    for (String list : List.of("normalizers", "pretokenizers")) {
      part.path(list).forEach(rule -> addAll(rule, rules));
    }
  }

  private static ObjectNode inOneWay(ObjectNode rule) {
    List<String> nulls = new ArrayList<>();
    rule.fields()
        .forEachRemaining(
            field -> {
              if (field.getValue().isNull()) {
                nulls.add(field.getKey());
              }
            });
    rule.remove(nulls);
    switch (rule.path("type").asText()) {
      case "ByteLevel" -> {
        rule.remove("trim_offsets");
        rule.put("use_regex", rule.path("use_regex").asBoolean(true));
      }
      case "Metaspace" -> {
        boolean prefix = rule.path("add_prefix_space").asBoolean(true);
        String scheme = rule.path("prepend_scheme").asText(prefix ? "always" : "never");
        rule.remove(List.of("add_prefix_space", "str_rep"));
        rule.put("prepend_scheme", scheme).put("split", rule.path("split").asBoolean(true));
      }
      case "Split" -> rule.put("invert", rule.path("invert").asBoolean(false));
      default -> {}
    }
    return rule;
  }

  /** Whether the two differ in nothing but what keys say. */
  boolean equalsButForKeys(TokenizerRules other) {
    return withoutKeys().equals(other.withoutKeys());
  }

  private List<ObjectNode> withoutKeys() {
    return rules.stream().map(rule -> rule.deepCopy().<ObjectNode>without(FROM_KEYS)).toList();
  }

  /** A part with what keys say as another has it. */
  static JsonNode withKeysOf(JsonNode part, JsonNode other) {
    if (TokenizerRules.of(part).rules.size() != 1 || !part.has("type") || !other.has("type")) {
      return other;
    }
    ObjectNode changed = part.deepCopy();
    for (String field : FROM_KEYS) {
      if (other.has(field)) {
        changed.set(field, other.get(field));
      }
    }
    return changed;
  }

  /** Whether all are rules that a list of types names, and there is one. */
  boolean areOf(JsonNode types) {
    for (ObjectNode rule : rules) {
      boolean named = false;
      for (JsonNode type : types) {
        named |= type.asText().equals(kind(rule));
      }
      if (!named) {
        return false;
      }
    }
    return !rules.isEmpty();
  }

  private static String kind(ObjectNode rule) {
    String type = rule.path("type").asText();
    if (!type.equals("Replace")) {
      return type;
    }
    if (isOfSpaces(rule)) {
      return "Replace spaces";
    }
    return Set.of("``", "''").contains(rule.path("pattern").path("String").asText())
        ? "Replace quotes"
        : type;
  }

  /** Whether a rule joins, replaces or cuts off spaces. */
  static boolean isOfSpaces(JsonNode rule) {
    String pattern = rule.path("pattern").path("Regex").asText();
    return rule.path("type").asText().equals("Strip")
        || rule.path("type").asText().equals("Replace")
            && (rule.path("pattern").path("String").asText().isBlank()
                    && rule.path("pattern").has("String")
                || Set.of(" {2,}", "\\s{2,}|[\\n\\r\\t]", "\\s+", " +", "[\\n\\r\\t]", "\\s{2,}")
                    .contains(pattern));
  }

  TokenizerRules followedBy(TokenizerRules others) {
    List<ObjectNode> all = new ArrayList<>(rules);
    all.addAll(others.rules);
    return new TokenizerRules(all);
  }

  /** Without rules of spaces; they would hide spaces from a splitting that comes behind. */
  TokenizerRules withoutSpaces() {
    return new TokenizerRules(rules.stream().filter(rule -> !isOfSpaces(rule)).toList());
  }

  /**
   * Without rules of spaces that make no difference where texts are split at white space next:
   * those that leave white space.
   */
  TokenizerRules beforeSplitting() {
    return new TokenizerRules(
        rules.stream()
            .filter(rule -> !isOfSpaces(rule) || !rule.path("content").asText("").isBlank())
            .toList());
  }

  /** The rules behind a splitting at white space, if they begin with one. */
  TokenizerRules behindSplitting() {
    return beginsWith("WhitespaceSplit")
        ? new TokenizerRules(rules.subList(1, rules.size()))
        : this;
  }

  boolean beginsWith(String type) {
    return !rules.isEmpty() && rules.get(0).path("type").asText().equals(type);
  }

  boolean contains(String type) {
    return rules.stream().anyMatch(rule -> rule.path("type").asText().equals(type));
  }

  /** Whether they put letters into small ones. */
  boolean lowers() {
    return contains("Lowercase")
        || rules.stream()
            .anyMatch(
                rule ->
                    rule.path("type").asText().equals("BertNormalizer")
                        && rule.path("lowercase").asBoolean());
  }

  /** On one line, for messages. */
  String inWords() {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (ObjectNode rule : rules) {
      ObjectNode shown = rule.deepCopy();
      if (shown.has("precompiled_charsmap")) {
        shown.put("precompiled_charsmap", "..");
      }
      list.add(shown);
    }
    String words = list.size() == 1 ? list.get(0).toString() : list.toString();
    return list.isEmpty() ? "null" : words.length() <= 300 ? words : words.substring(0, 300) + "..";
  }
}
