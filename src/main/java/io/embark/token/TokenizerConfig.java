package io.embark.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.UserError;
import io.embark.json.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * {@code tokenizer_config.json}. Most of its keys are names of special tokens, or matter to
 * decoding only; these are the ones that change the tokens of a text.
 *
 * @param file where it stands, for messages; null for no file
 * @param bertRules {@code do_lower_case}, {@code strip_accents} and {@code tokenize_chinese_chars},
 *     as BERT's normalizer calls them; empty if they are not given or not for BERT's tokenizers
 * @param lowercaseAsked whether it asks for small letters, whatever the tokenizer is
 * @param splitsWords whether transformers 5 builds this class of tokenizer so that it splits texts
 *     at white space before all else, whatever {@code tokenizer.json} says
 * @param prefixSpace {@code add_prefix_space}
 * @param maxLength the most tokens per text; empty for no limit
 * @param chatTemplate whether it has a chat template
 * @param addsFirst whether it asks for a token before every text, likewise {@code addsLast}
 */
public record TokenizerConfig(
    Path file,
    ObjectNode bertRules,
    boolean lowercaseAsked,
    boolean splitsWords,
    Optional<Boolean> prefixSpace,
    Optional<Integer> maxLength,
    boolean chatTemplate,
    boolean addsFirst,
    boolean addsLast) {
  static final TokenizerConfig NONE =
      new TokenizerConfig(
          null,
          JsonNodeFactory.instance.objectNode(),
          false,
          false,
          Optional.empty(),
          Optional.empty(),
          false,
          false,
          false);

  /** Tokenizers without a limit carry 1e30 there. */
  private static final double NO_LIMIT = 1_000_000;

  /** Classes of transformers that build BERT's normalizer of these keys. */
  private static final Pattern BERT =
      Pattern.compile(
          "(Bert|DistilBert|Electra|MobileBert|MPNet|ConvBert|SqueezeBert|Funnel|LayoutLM|Lxmert"
              + "|Retribert|DPR\\w*|Realm|Splinter)Tokenizer(Fast)?");

  /** Classes that put letters into small ones by a rule of their own. */
  private static final Pattern LOWERING = Pattern.compile("(Albert|XLNet)Tokenizer(Fast)?");

  private static final Pattern SPLITTING =
      Pattern.compile("(XLMRoberta|Camembert|T5|Albert)Tokenizer(Fast)?");

  /** Classes by {@code model_type}, where no class is named. */
  private static final Map<String, String> CLASSES =
      Map.of(
          "xlm-roberta", "XLMRobertaTokenizer",
          "camembert", "CamembertTokenizer",
          "t5", "T5Tokenizer",
          "mt5", "T5Tokenizer",
          "albert", "AlbertTokenizer");

  static TokenizerConfig read(Path path, String modelType) throws IOException {
    JsonFile file =
        JsonFile.object(path)
            .withoutNulls(
                "model_max_length",
                "tokenizer_class",
                "truncation_side",
                "auto_map",
                "add_bos_token",
                "add_eos_token",
                "add_prefix_space",
                "split_special_tokens");
    requireSide(file.text("truncation_side"), path);
    requireUnset(file);
    Optional<String> named = file.text("tokenizer_class");
    String type = named.orElse(CLASSES.getOrDefault(modelType, "BertTokenizer"));
    ObjectNode rules = JsonNodeFactory.instance.objectNode();
    boolean lowercase = file.flag("do_lower_case").orElse(false);
    if (BERT.matcher(type).matches()) {
      file.flag("do_lower_case").ifPresent(on -> rules.put("lowercase", on));
      file.flag("tokenize_chinese_chars").ifPresent(on -> rules.put("handle_chinese_chars", on));
      if (file.has("strip_accents")) {
        Optional<Boolean> strip = file.withoutNulls("strip_accents").flag("strip_accents");
        rules.set(
            "strip_accents",
            strip.isPresent()
                ? JsonNodeFactory.instance.booleanNode(strip.get())
                : JsonNodeFactory.instance.nullNode());
      }
    }
    return new TokenizerConfig(
        path,
        rules,
        lowercase
            && named.isPresent()
            && (BERT.matcher(type).matches() || LOWERING.matcher(type).matches()),
        SPLITTING.matcher(type).matches(),
        file.flag("add_prefix_space"),
        maxLength(file),
        file.isSet("chat_template"),
        file.flag("add_bos_token").orElse(false),
        file.flag("add_eos_token").orElse(false));
  }

  private static Optional<Integer> maxLength(JsonFile file) {
    String key = "model_max_length";
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
    if (file.isSet("auto_map")) {
      throw file.wrong(
          "auto_map",
          "nothing: the tokenizer has code of its own, which Embark does not run. If tokenizer.json"
              + " gives the same tokens, remove it");
    }
  }

  boolean asksForNothing() {
    return bertRules.isEmpty() && !lowercaseAsked && prefixSpace.isEmpty();
  }

  /**
   * The parts of {@code tokenizer.json} that have to be others: {@code normalizer}, {@code
   * pre_tokenizer}.
   *
   * @param lowersFirst whether letters are to be lowered before all other rules
   * @param ownSpacing whether spaces are left as they are
   * @throws UserError if it is not known how
   */
  Optional<ObjectNode> changes(TokenizerJson json, boolean lowersFirst, boolean ownSpacing) {
    ObjectNode changes = JsonNodeFactory.instance.objectNode();
    JsonNode normalizer = json.normalizer;
    if (splitsWords && !ownSpacing && isOf(json.preTokenizer, "Metaspace")) {
      ObjectNode both = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
      both.putArray("pretokenizers")
          .add(JsonNodeFactory.instance.objectNode().put("type", "WhitespaceSplit"))
          .add(json.preTokenizer);
      changes.set("pre_tokenizer", both);
      normalizer = withoutSpaceRules(normalizer);
    }
    if (!bertRules.isEmpty() && isOf(normalizer, "BertNormalizer")) {
      ObjectNode ruled = normalizer.deepCopy();
      ruled.setAll(bertRules);
      normalizer = ruled;
    } else if (lowercaseAsked && !lowers(normalizer)) {
      throw new UserError(
          ("%s has do_lower_case, but tokenizer.json beside it tells small from capital letters, and"
                  + " its normalizer is none that Embark knows how to change. Set do_lower_case to"
                  + " what is meant.")
              .formatted(file));
    }
    if (lowersFirst && !lowers(normalizer)) {
      ObjectNode both = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
      both.putArray("normalizers").addObject().put("type", "Lowercase");
      if (normalizer != null) {
        both.withArray("normalizers").add(normalizer);
      }
      normalizer = both;
    }
    if (!Objects.equals(normalizer, json.normalizer)) {
      changes.set("normalizer", normalizer);
    }
    JsonNode bytes = json.preTokenizer;
    if (prefixSpace.isPresent()
        && isOf(bytes, "ByteLevel")
        && bytes.path("add_prefix_space").asBoolean() != prefixSpace.get()) {
      ObjectNode changed = bytes.deepCopy();
      changes.set("pre_tokenizer", changed.put("add_prefix_space", prefixSpace.get()));
    }
    return changes.isEmpty() ? Optional.empty() : Optional.of(changes);
  }

  /** Rules that join or cut off spaces would hide them from the splitting. */
  private static JsonNode withoutSpaceRules(JsonNode normalizer) {
    if (!isOf(normalizer, "Sequence")) {
      return isOfSpaces(normalizer) ? null : normalizer;
    }
    ObjectNode kept = normalizer.deepCopy();
    ArrayNode rules = kept.putArray("normalizers");
    for (JsonNode rule : normalizer.path("normalizers")) {
      if (!isOfSpaces(rule)) {
        rules.add(rule);
      }
    }
    return rules.isEmpty() ? null : kept;
  }

  private static boolean isOfSpaces(JsonNode rule) {
    String pattern = rule == null ? "" : rule.path("pattern").toString();
    return isOf(rule, "Strip")
        || isOf(rule, "Replace") && (pattern.contains(" ") || pattern.contains("\\s"));
  }

  private static boolean isOf(JsonNode part, String type) {
    return part != null && part.path("type").asText().equals(type);
  }

  private static boolean lowers(JsonNode normalizer) {
    if (normalizer == null) {
      return false;
    }
    for (JsonNode part : normalizer.path("normalizers")) {
      if (lowers(part)) {
        return true;
      }
    }
    return isOf(normalizer, "Lowercase")
        || isOf(normalizer, "BertNormalizer") && normalizer.path("lowercase").asBoolean();
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

  private record Asked(String name, boolean wanted, int found) {}
}
