package io.embark.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where {@code tokenizer_config.json} and {@code tokenizer.json} disagree. */
class TokenizerConfigTest {
  private static final String WORD_PIECE =
      """
      {"normalizer": %s, "pre_tokenizer": {"type": "BertPreTokenizer"}, "added_tokens": [],
       "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
         "max_input_chars_per_word": 100,
         "vocab": {"[UNK]": 0, "cafe": 1, "Cafe": 2, "caf\\u00e9": 3, "Caf\\u00e9": 4, "CAFE": 5,
           "\\u4e2d": 6, "\\u6587": 7, "\\u4e2d\\u6587": 8}}}
      """;
  private static final String BERT =
      """
      {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": %s,
       "strip_accents": %s, "lowercase": %s}
      """;
  private static final String UNIGRAM =
      """
      {"normalizer": {"type": "Sequence", "normalizers": [
         {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\\u2581"}]},
       "pre_tokenizer": {"type": "Metaspace", "replacement": "\\u2581", "prepend_scheme": "always",
         "split": true},
       "post_processor": {"type": "BertProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2]},
       "added_tokens": [%s], "model": {"type": "Unigram", "unk_id": 3, "vocab": [
         ["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["<mask>", 0.0],
         ["\\u2581", -3.0], ["\\u2581a", -1.0], ["a", -2.0]]}}
      """
          .formatted(
              Stream.of("<s>", "<pad>", "</s>", "<unk>", "<mask>")
                  .map(TokenizerConfigTest::special)
                  .collect(Collectors.joining(",")));
  private static final String BYTES =
      """
      {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": %s, "trim_offsets": true},
       "added_tokens": [], "model": {"type": "BPE", "merges": ["\\u0120 a"],
         "vocab": {"a": 0, "\\u0120": 1, "\\u0120a": 2}}}
      """;

  private static String special(String token) {
    return """
        {"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}
        """
        .formatted(List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>").indexOf(token), token);
  }

  @TempDir Path folder;
  private Path tokenizer;

  @BeforeEach
  void place() {
    tokenizer = folder.resolve("tokenizer.json");
  }

  private TokenizerFiles files(String json, String config) throws IOException {
    Files.writeString(tokenizer, json);
    Files.writeString(folder.resolve("tokenizer_config.json"), config);
    return TokenizerFiles.read(tokenizer, folder, "", Optional.empty(), false);
  }

  private static long[] ids(TokenizerFiles files, String text) throws IOException {
    try (HfTokenizer opened = HfTokenizer.open(files, 64)) {
      return opened.encode(text).ids();
    }
  }

  private static String bert(boolean chinese, String accents, boolean lower) {
    return WORD_PIECE.formatted(BERT.formatted(chinese, accents, lower));
  }

  @ParameterizedTest
  @CsvSource({
    // lowercase and strip_accents of the file, of the config, wanted id of "Café"
    "false, null, true, null, 1",
    "true, null, false, null, 4",
    "false, null, true, false, 3",
    "false, false, false, true, 2",
    "true, null, true, null, 1",
    "true, false, true, null, 1",
  })
  void keysThatAreGivenWinWhereNothingNamesAClass(
      boolean lower, String accents, boolean configLower, String configAccents, long wanted)
      throws IOException {
    String config =
        "{\"do_lower_case\": %s, \"strip_accents\": %s}".formatted(configLower, configAccents);
    TokenizerFiles files = files(bert(true, accents, lower), config);
    assertThat(ids(files, "Caf\u00e9")).containsExactly(wanted);
    boolean same = lower == configLower && accents.equals(configAccents);
    assertThat(files.changes().isEmpty()).isEqualTo(same);
  }

  @Test
  void chineseCharactersToo() throws IOException {
    String json = bert(true, "null", true);
    assertThat(ids(files(json, "{}"), "\u4e2d\u6587")).containsExactly(6, 7);
    assertThat(ids(files(json, "{\"tokenize_chinese_chars\": false}"), "\u4e2d\u6587"))
        .containsExactly(8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"truncation_side\": \"left\"}|truncation_side",
        "{\"split_special_tokens\": true}|split_special_tokens",
        "{\"auto_map\": {\"AutoTokenizer\": [\"x.Y\", null]}}|auto_map",
        "{\"add_prefix_space\": \"yes\"}|add_prefix_space",
        "{\"do_lower_case\": 1}|do_lower_case",
        "{\"strip_accents\": \"no\"}|strip_accents",
        "{\"model_max_length\": \"512\"}|model_max_length",
        "{\"model_max_length\": 0}|model_max_length",
        "{\"model_max_length\": -1}|model_max_length",
        "{\"model_max_length\": 10.5}|model_max_length",
        "{\"max_len\": \"512\"}|max_len",
        "{\"cls_token\": 1}|cls_token",
        "{\"extra_ids\": -1}|extra_ids",
        "{\"added_tokens_decoder\": {\"a\": {\"content\": \"b\"}}}|added_tokens_decoder",
        "{\"added_tokens_decoder\": {\"1\": {}}}|added_tokens_decoder"
      })
  void keysThatChangeTokensAreReadOrRefused(String config, String key) {
    assertThatThrownBy(() -> files(bert(true, "null", true), config))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("tokenizer_config.json")
        .hasMessageContaining(key);
  }

  @Test
  void noLimitIsNone() throws IOException {
    for (String none : List.of("1e30", "1000000000000000019884624838656", "1000000", "null")) {
      String config = "{\"model_max_length\": %s}".formatted(none);
      assertThat(files(bert(true, "null", true), config).maxLength()).isEmpty();
    }
    assertThat(files(BYTES.formatted(false), "{\"model_max_length\": 512}").maxLength())
        .contains(512);
    assertThat(files(BYTES.formatted(false), "{\"max_len\": 64}").maxLength()).contains(64);
    String both = "{\"max_len\": 64, \"model_max_length\": 512}";
    assertThat(files(BYTES.formatted(false), both).maxLength()).contains(512);
  }

  @Test
  void tokensThatAreAskedForButNotAddedAreRefused() throws IOException {
    for (String key : List.of("add_bos_token", "add_eos_token")) {
      TokenizerFiles files = files(BYTES.formatted(false), "{\"%s\": true}".formatted(key));
      assertThatThrownBy(() -> HfTokenizer.open(files, 8))
          .isInstanceOf(UserError.class)
          .hasMessageContaining(key);
    }
  }

  @Test
  void aSpaceBeforeTheText() throws IOException {
    assertThat(ids(files(BYTES.formatted(false), "{}"), "a")).containsExactly(0);
    String with = "{\"add_prefix_space\": true}";
    assertThat(ids(files(BYTES.formatted(false), with), "a")).containsExactly(2);
    assertThat(files(BYTES.formatted(true), with).changes()).isEmpty();
  }

  /** transformers 5 builds these so, whatever {@code tokenizer.json} says. */
  @Test
  void tokenizersThatSplitAtWhiteSpaceFirst() throws IOException {
    TokenizerFiles files = files(UNIGRAM, "{\"tokenizer_class\": \"XLMRobertaTokenizer\"}");
    assertThat(files.splitsWords()).isTrue();
    assertThat(ids(files, " a  a ")).containsExactly(0, 6, 6, 2);
    assertThat(ids(files.withOwnSpacing(true), " a  a ")).hasSizeGreaterThan(4);
    // The setting strip tells the two apart, not the fingerprint.
    assertThat(files.changes()).isEmpty();
    TokenizerFiles other = files(UNIGRAM, "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}");
    assertThat(other.splitsWords()).isFalse();
    assertThat(other.changes()).isEmpty();
    Files.delete(folder.resolve("tokenizer_config.json"));
    Optional<String> none = Optional.empty();
    TokenizerFiles byType = TokenizerFiles.read(tokenizer, folder, "xlm-roberta", none, false);
    assertThat(ids(byType, "a  a")).containsExactly(0, 6, 6, 2);
  }

  @Test
  void whatCutsTextsAtTheirBeginningIsRefused() throws IOException {
    String cut =
        "{\"truncation\": {\"direction\": \"%s\", \"max_length\": 8, \"strategy\":"
            + " \"LongestFirst\", \"stride\": 0}, ";
    String right = bert(true, "null", true).strip().replaceFirst("\\{", cut.formatted("Right"));
    String left = right.replace("Right", "Left");
    for (String none : List.of("{}", "{\"truncation_side\": null}")) {
      assertThatThrownBy(() -> ids(files(left, none), "cafe"))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("truncation.direction")
          .hasMessageContaining("\"Left\"")
          .hasMessageContaining("truncation_side");
      assertThat(ids(files(right, none), "cafe")).hasSize(1);
    }
    // transformers lets the other file win.
    assertThat(ids(files(left, "{\"truncation_side\": \"right\"}"), "cafe")).hasSize(1);
    assertThatThrownBy(() -> files(right, "{\"truncation_side\": \"left\"}"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("truncation_side");
  }

  /** {@code all_special_ids} of transformers: those with a name, by the class or by a key. */
  @Test
  void tokensWithANameAreSpecial() throws IOException {
    String added = "\"added_tokens\": [%s, %s]".formatted(special("<s>"), special("</s>"));
    String json = BYTES.formatted(false).replace("\"added_tokens\": []", added);
    try (HfTokenizer opened = HfTokenizer.open(files(json, "{\"eos_token\": \"</s>\"}"), 64)) {
      assertThat(opened.isSpecial(2)).isTrue();
      assertThat(opened.isSpecial(0)).isFalse();
    }
  }
}
