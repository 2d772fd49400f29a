package io.embark.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hugging Face's library is what it is held to. */
class BertWordPieceTest {
  /** What is common, and what may change with what stands beside it. */
  private static final List<String> BEYOND =
      List.of(
          "\u2019",
          "\u201C",
          "\u201D",
          "\u2014",
          "\u2026",
          "\u00E9",
          "e\u0301",
          "\u0301",
          "\u00DC",
          "\u0130",
          "\u00DF",
          "\u03A3",
          "\u0416\u0438\u0437\u043D\u044C",
          "\u4E2D",
          "\u6587",
          "\u3002",
          "\u3042",
          "\u30AC",
          "\u30AB\u3099",
          "\uD55C",
          "\u1112\u1161\u11AB",
          "\uFF01",
          "\uFF0C",
          "\uFF76\uFF9E",
          "\u00A0",
          "\u3000",
          "\u2003",
          "\u2028",
          "\u0085",
          "\u200B",
          "\u200D",
          "\uFEFF",
          "\u00AD",
          "\uFFFD",
          "\uD83D\uDE00",
          "\uD83D",
          "\uDE00",
          "\uD840\uDC00",
          "\u2260",
          "\u037E",
          "\u1FEF",
          "\u00AB",
          "\u00BF",
          "\u0E01\u0E33",
          "\u0915\u094D\u0937",
          "\uF900",
          "\u3400",
          "[MASK]",
          "[UNK]",
          "[",
          "\u2044");

  @TempDir static Path directory;
  private static String json;

  @BeforeAll
  static void read() throws IOException {
    json = Files.readString(TinyModels.writeTokenizer(directory));
  }

  private static Path file(String content) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "tokenizer", ".json"), content);
  }

  /** For files that are refused: nothing is asked of the library. */
  private static BertWordPiece of(String content) throws IOException {
    return BertWordPiece.of(TokenizerJson.read(file(content)), text -> new long[0]).orElse(null);
  }

  /** How the library is asked, and how often. */
  private static final class Asked {
    final HfTokenizer library;
    final List<String> texts = new ArrayList<>();

    Asked(HfTokenizer library) {
      this.library = library;
    }

    /** The words of a tokenizer's file, asking this library. */
    BertWordPiece by(String content) throws IOException {
      return BertWordPiece.of(TokenizerJson.read(file(content)), this::ids).orElseThrow();
    }

    long[] ids(String text) {
      texts.add(text);
      long[] ids = library.libraryIds(text);
      return Arrays.copyOfRange(ids, 1, ids.length - 1);
    }
  }

  private static long[] encode(BertWordPiece pieces, String text) {
    Tokens.Builder ids = new Tokens.Builder(Integer.MAX_VALUE, 1);
    ids.add(101);
    pieces.encode(text, ids);
    return ids.build(102).ids();
  }

  @ParameterizedTest
  @CsvSource({
    "true,  null,  true",
    "false, null,  true",
    "true,  false, true",
    "false, true,  true",
    "true,  null,  false"
  })
  void randomTextsHaveTheIdsOfTheLibrary(boolean lowercase, String accents, boolean chinese)
      throws IOException {
    String content =
        replaced("\"lowercase\":true", "\"lowercase\":" + lowercase)
            .replace("\"strip_accents\":null", "\"strip_accents\":" + accents)
            .replace("\"handle_chinese_chars\":true", "\"handle_chinese_chars\":" + chinese);
    List<String> words = new ArrayList<>(TokenizerJson.read(file(content)).vocabulary.keySet());
    words.sort(null);
    Random random = new Random(5);
    try (HfTokenizer tokenizer = HfTokenizer.open(file(content), 1 << 20)) {
      Asked asked = new Asked(tokenizer);
      BertWordPiece pieces = asked.by(content);
      int texts = 5000;
      for (int i = 0; i < texts; i++) {
        String text = text(random, words);
        long[] wanted = tokenizer.libraryIds(text);
        assertThat(encode(pieces, text)).as("'%s'", text).isEqualTo(wanted);
        assertThat(tokenizer.encode(text).ids()).as("'%s'", text).isEqualTo(wanted);
      }
      assertThat(asked.texts)
          .hasSizeGreaterThan(1000)
          .allMatch(t -> t.chars().noneMatch(c -> c == ' '));
    }
  }

  /** Words and what stands between them; some with any character of ASCII, a few beyond it. */
  private static String text(Random random, List<String> words) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(30);
    int kind = random.nextInt(4);
    for (int i = 0; i < parts; i++) {
      switch (kind == 0 ? 0 : random.nextInt(9)) {
        case 0, 1, 2 -> text.append(words.get(random.nextInt(words.size()))).append(' ');
        case 3 -> text.append(words.get(random.nextInt(words.size())).replace("##", ""));
        case 4 -> text.append((char) random.nextInt(128));
        case 5 -> text.append((char) (' ' + random.nextInt(95)));
        case 6 -> text.append("xQz".repeat(random.nextInt(60)));
        case 7 -> text.append(random.nextInt());
        default -> {
          if (kind == 2) {
            text.append((char) random.nextInt(0x3000));
          } else if (kind == 3) {
            text.append(BEYOND.get(random.nextInt(BEYOND.size())));
          }
        }
      }
      if (random.nextInt(4) == 0) {
        text.append(" \t\n\r,.-'".charAt(random.nextInt(8)));
      }
    }
    return random.nextBoolean() ? text.toString() : text.toString().toUpperCase(Locale.ROOT);
  }

  @Test
  void everyCharacterAloneBetweenAndBehindLetters() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file(json), 512)) {
      Asked asked = new Asked(tokenizer);
      BertWordPiece pieces = asked.by(json);
      for (int c = 0; c <= 0xFFFF; c += c < 0x3100 ? 1 : 7) {
        char x = (char) c;
        for (String text :
            List.of("" + x, "ab" + x + "cd", x + "ab" + x, "." + x + "\u0301b" + x + ",")) {
          assertThat(encode(pieces, text))
              .as("character %d", c)
              .isEqualTo(tokenizer.libraryIds(text));
        }
        if (x == 127) {
          assertThat(asked.texts).allMatch(t -> t.contains("[") || t.contains("\u0301"));
        }
      }
    }
  }

  @Test
  void theLibraryIsAskedOfFewWordsAndOnce() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file(json), 512)) {
      Asked asked = new Asked(tokenizer);
      BertWordPiece pieces = asked.by(json);
      String text =
          "He said: \u201Cit\u2019s the caf\u00E9\u201D \u2014 caf\u00E9! \t\u0007 a\u007Fb [SEP]";
      for (int i = 0; i < 2; i++) {
        assertThat(encode(pieces, text)).isEqualTo(tokenizer.libraryIds(text));
        assertThat(asked.texts)
            .containsExactly("\u201C", "\u2019", "caf\u00E9", "\u201D", "\u2014", "[SEP]");
      }
    }
  }

  @Test
  void whereEveryWordIsNewTheRestIsAskedAtOnce() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file(json), 512)) {
      Asked asked = new Asked(tokenizer);
      BertWordPiece pieces = asked.by(json);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 300; i++) {
        text.append('\u00E9').append(i).append(i == 200 ? "[MASK]" : " ");
      }
      assertThat(encode(pieces, text.toString())).isEqualTo(tokenizer.libraryIds(text.toString()));
      assertThat(asked.texts).hasSize(17);
      assertThat(asked.texts.get(16)).startsWith("\u00E916 \u00E917 ").endsWith(" \u00E9299 ");
    }
  }

  @Test
  void manyWordsAreForgotten() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file(json), 512)) {
      Asked asked = new Asked(tokenizer);
      BertWordPiece pieces = asked.by(json);
      for (int i = 0; i < 40_000; i++) {
        encode(pieces, "\u00E9" + i);
      }
      assertThat(asked.texts).hasSize(40_000);
      assertThat(pieces.remembered.size()).isBetween(1, 1 << 15);
    }
  }

  @Test
  void addedTokensAreTheLibrarys() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file(json), 512)) {
      assertThat(tokenizer.encode("a [MASK] b").ids()).containsExactly(101, 1037, 103, 1038, 102);
      assertThat(tokenizer.encode("x[MASK]\u00E9y").ids())
          .isEqualTo(tokenizer.libraryIds("x[MASK]\u00E9y"));
    }
  }

  /** What a file of another kind says, by what it says in MiniLM's. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"type\":\"WordPiece\"|\"type\":\"WordLevel\"",
        "\"type\":\"BertNormalizer\"|\"type\":\"Lowercase\"",
        "\"clean_text\":true|\"clean_text\":false",
        "\"type\":\"BertPreTokenizer\"|\"type\":\"Whitespace\"",
        "\"unk_token\":\"[UNK]\"|\"unk_token\":\"[NEVER]\"",
        "\"content\":\"[MASK]\"|\"content\":\"mask\"",
        "\"content\":\"[MASK]\"|\"content\":\"\u00FCnal\"",
        "\"content\":\"[MASK]\"|\"content\":\"[a b]\"",
        "\"content\":\"[MASK]\"|\"content\":\"[\u4E2D]\"",
        "\"continuing_subword_prefix\":\"##\"|\"continuing_subword_prefix\":\"\"",
      })
  void otherFilesAreLeftToTheLibrary(String here, String there) throws IOException {
    assertThat(of(json)).isNotNull();
    assertThat(of(replaced(here, there))).isNull();
  }

  private static String replaced(String here, String there) {
    String compact = json.replaceAll("\\s*\\n\\s*", "").replace("\": ", "\":");
    assertThat(compact).contains(here);
    return compact.replace(here, there);
  }
}
