package io.embark.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LongTextsTest {
  @TempDir Path directory;

  private static List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    LongTexts.pieces(text, pieces::add);
    assertThat(String.join("", pieces)).isEqualTo(text);
    assertThat(pieces).allMatch(piece -> piece.length() <= LongTexts.PIECE);
    return pieces;
  }

  @Test
  void whatFitsStaysWhole() {
    assertThat(pieces("")).containsExactly("");
    assertThat(pieces("x".repeat(LongTexts.PIECE))).hasSize(1);
  }

  @Test
  void cutsBeforeSingleSpacesBetweenWords() {
    List<String> pieces = pieces("a few words,  and others ".repeat(10_000));
    assertThat(pieces).hasSizeBetween(4, 5);
    assertThat(pieces.subList(1, pieces.size())).allMatch(piece -> piece.matches("(?s) \\w.*"));
  }

  @Test
  void cutsAtOtherSpacesOrAnywhereButNotWithinACodePoint() {
    assertThat(pieces("word,\n".repeat(50_000)).subList(1, 5)).allMatch(p -> p.startsWith("\n"));
    for (String shift : List.of("", "x")) {
      assertThat(pieces(shift + "\uD83D\uDE00".repeat(100_000)))
          .hasSize(4)
          .allMatch(piece -> !Character.isLowSurrogate(piece.charAt(0)));
    }
  }

  /** A file that is no BERT's, so that the library gets the pieces. */
  @Test
  void aLongTextHasTheTokensOfTheWhole() throws IOException {
    Path own = TinyModels.writeTokenizer(directory);
    Path other =
        Files.writeString(
            directory.resolve("other.json"),
            Files.readString(own).replace("\"BertPreTokenizer\"", "\"Whitespace\""));
    String text = "The naïve card, [declined] \uD83D\uDE00 it’s ".repeat(8_000);
    for (Path file : List.of(own, other)) {
      try (HfTokenizer tokenizer = HfTokenizer.open(file, 60_000)) {
        long[] whole = tokenizer.libraryIds(text);
        Tokens tokens = tokenizer.encode(text);
        assertThat(tokens.total()).isEqualTo(whole.length).isGreaterThan(70_000);
        assertThat(tokens.used()).isEqualTo(60_000);
        assertThat(Arrays.copyOf(tokens.ids(), 59_999)).isEqualTo(Arrays.copyOf(whole, 59_999));
        assertThat(tokens.ids()[59_999]).isEqualTo(whole[whole.length - 1]);
      }
    }
  }
}
