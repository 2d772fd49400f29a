package io.embark.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.onnx.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hugging Face's library is what it is held to. */
class AsciiWordPieceTest {
  @TempDir static Path directory;
  private static String json;

  @BeforeAll
  static void read() throws IOException {
    json = Files.readString(TinyModels.writeTokenizer(directory));
  }

  private static Path file(String content) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "tokenizer", ".json"), content);
  }

  private static AsciiWordPiece of(String content) throws IOException {
    return AsciiWordPiece.of(TokenizerJson.read(file(content)), new long[] {101}, new long[] {102})
        .orElse(null);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void randomTextsHaveTheIdsOfTheLibrary(boolean lowercase) throws IOException {
    String content = replaced("\"lowercase\":true", "\"lowercase\":" + lowercase);
    AsciiWordPiece pieces = of(content);
    List<String> words = new ArrayList<>(TokenizerJson.read(file(content)).vocabulary().keySet());
    words.sort(null);
    Random random = new Random(5);
    int own = 0;
    try (HfTokenizer tokenizer = HfTokenizer.open(file(content), 1 << 20)) {
      for (int i = 0; i < 4000; i++) {
        String text = text(random, words);
        long[] wanted = tokenizer.libraryIds(text);
        long[] found = pieces.encode(text);
        if (found != null) {
          assertThat(found).as("'%s'", text).isEqualTo(wanted);
          own++;
        }
        assertThat(tokenizer.encode(text).ids()).as("'%s'", text).isEqualTo(wanted);
      }
    }
    assertThat(own).as("texts of ASCII without brackets").isGreaterThan(1500);
  }

  /** Words and what stands between them; some with any character of ASCII, a few beyond it. */
  private static String text(Random random, List<String> words) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(30);
    int kind = random.nextInt(3);
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
    AsciiWordPiece pieces = of(json);
    try (HfTokenizer tokenizer = HfTokenizer.open(file(json), 512)) {
      for (char c = 0; c < 0x250; c++) {
        for (String text : List.of("" + c, "ab" + c + "cd", c + "ab" + c)) {
          long[] found = pieces.encode(text);
          if (c >= 128 || c == '[') {
            assertThat(found).as("character %d", (int) c).isNull();
          } else {
            assertThat(found).as("character %d", (int) c).isEqualTo(tokenizer.libraryIds(text));
          }
        }
      }
    }
  }

  @Test
  void addedTokensAreTheLibrarys() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file(json), 512)) {
      assertThat(tokenizer.encode("a [MASK] b").ids()).containsExactly(101, 1037, 103, 1038, 102);
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
