package io.embark.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.testing.TinyTokenizers;
import io.embark.token.Tokenizer;
import io.embark.token.Tokenizer.TokenSpans;
import io.embark.token.Tokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where documents are cut, with MiniLM's tokenizer, which adds [CLS] and [SEP]. */
@Timeout(120)
class ChunkerTest {
  private static final int MILLION = 1_000_000;

  @TempDir static Path directory;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() {
    tokenizer = TinyTokenizers.WORD_PIECE.open(directory, 256);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private static List<Chunk> chunks(String document, int tokens, int overlap) {
    List<Chunk> chunks = new ArrayList<>();
    new Chunker(tokenizer, "", tokens, overlap).chunks(document).forEachRemaining(chunks::add);
    return chunks;
  }

  private static List<String> texts(String document, int tokens, int overlap) {
    return chunks(document, tokens, overlap).stream().map(Chunk::text).toList();
  }

  @Test
  void sentencesThatFitAreNotCut() {
    String document =
        "One two three four. Five six seven eight nine. Ten is here.\nEleven twelve thirteen.";
    assertThat(texts(document, 14, 0))
        .containsExactly(
            "One two three four. Five six seven eight nine.",
            "Ten is here.\nEleven twelve thirteen.");
    assertThat(texts(document, 10, 0))
        .containsExactly(
            "One two three four.",
            "Five six seven eight nine.",
            "Ten is here.\nEleven twelve thirteen.");
  }

  @Test
  void aSentenceLongerThanAWindowIsCutBetweenWords() {
    String document = "Short one. " + "many words and, ".repeat(10) + "an end. Last one.";
    assertThat(texts(document, 16, 0))
        .containsExactly(
            "Short one. many words and, many words and, many words",
            "and, many words and, many words and, many words and,",
            "many words and, many words and, many words and, many words",
            "and, an end. Last one.");
  }

  @Test
  void aWordLongerThanAWindowIsCutBetweenWordPieces() {
    String word = "supercalifragilisticexpialidocioussupercalifragilisticexpialidocious";
    List<Chunk> chunks = chunks("The " + word + ".", 12, 0);
    assertThat(chunks.stream().map(Chunk::text).reduce("", String::concat))
        .isEqualTo("The" + word + ".");
    var spans = tokenizer.spans("The " + word + ".");
    for (Chunk chunk : chunks) {
      assertThat(spans.starts()).contains(chunk.start());
    }
  }

  @Test
  void chunksOverlapAtSentencesOrWords() {
    String document = "One two three. Four five six. Seven eight nine. Ten or eleven twelve.";
    assertThat(texts(document, 14, 5))
        .containsExactly(
            "One two three. Four five six. Seven eight nine.",
            "Seven eight nine. Ten or eleven twelve.");
    assertThat(texts("a b c d e f g h i j k l m n o p", 10, 2))
        .containsExactly("a b c d e f g h", "g h i j k l m n", "m n o p");
  }

  @Test
  void aDocumentThatFitsIsLeftAsItIs() {
    for (String document : List.of("", " ", " \n one word \t", "\u200b", "\ud800")) {
      assertThat(chunks(document, 32, 0))
          .containsExactly(
              new Chunk(
                  0,
                  document,
                  0,
                  document.length(),
                  0,
                  document.codePointCount(0, document.length())));
    }
    assertThat(chunks(" ".repeat(MILLION), 32, 0)).containsExactly(new Chunk(0, "", 0, 0, 0, 0));
  }

  @Test
  void positionsBehindEmojiCountCodePointsToo() {
    String document = "One two three \ud83d\ude00 four five six. ".repeat(5);
    List<Chunk> chunks = chunks(document, 12, 0);
    assertThat(chunks).hasSize(5);
    Chunk last = chunks.get(4);
    assertThat(document.substring(last.start(), last.end())).isEqualTo(last.text());
    assertThat(last.start() - last.codePointStart()).isEqualTo(4);
    assertThat(last.end() - last.codePointEnd()).isEqualTo(5);
  }

  @Test
  void familiesAndFlagsStayWhole() {
    String family = "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67\u200d\ud83d\udc66";
    String flag = "\ud83c\udde9\ud83c\uddea";
    for (Chunk chunk : chunks((family + flag).repeat(100), 12, 0)) {
      assertThat(chunk.text().replace(family, "").replace(flag, "")).isEmpty();
    }
  }

  @Test
  void theLimitCountsThePrompt() {
    Chunker chunker = new Chunker(tokenizer, "search query: ", 20, 0);
    assertThat(chunker.overhead()).isEqualTo(5);
    chunker
        .chunks("one two three four five. ".repeat(40))
        .forEachRemaining(
            chunk ->
                assertThat(tokenizer.encode("search query: " + chunk.text()).total())
                    .isBetween(10, 20));
  }

  /** Native memory is out of the heap's sight: it is bounded by what is tokenised at once. */
  @Test
  void longTextsAreNeverTokenisedWhole() {
    CountingTokenizer counting = new CountingTokenizer(tokenizer);
    Chunker chunker = new Chunker(counting, "", 0, 0);
    for (String document :
        List.of(
            "a".repeat(3 * MILLION),
            "\u0301".repeat(MILLION),
            "one two three ".repeat(60_000),
            "a" + " ".repeat(MILLION) + "b")) {
      int covered = 0;
      for (Iterator<Chunk> chunks = chunker.chunks(document); chunks.hasNext(); ) {
        Chunk chunk = chunks.next();
        assertThat(document.substring(covered, chunk.start())).isBlank();
        covered = chunk.end();
      }
      assertThat(document.substring(covered)).isBlank();
    }
    assertThat(counting.longest).isLessThanOrEqualTo(1 << 16);
  }

  @Test
  void limitsThatLeaveNoRoomAreRefused() {
    assertThatThrownBy(() -> new Chunker(tokenizer, "", 257, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("chunk-tokens is 257")
        .hasMessageContaining("256");
    assertThatThrownBy(() -> new Chunker(tokenizer, "query: ", 11, 0))
        .hasMessageContaining("take 4")
        .hasMessageContaining("12 or more");
    assertThatThrownBy(() -> new Chunker(tokenizer, "", 22, 11))
        .hasMessageContaining("chunk-overlap is 11")
        .hasMessageContaining("0 to 10");
    assertThat(new Chunker(tokenizer, "", 0, 0).tokens()).isEqualTo(256);
  }

  private static final class CountingTokenizer implements Tokenizer {
    private final Tokenizer tokenizer;
    private int longest;

    CountingTokenizer(Tokenizer tokenizer) {
      this.tokenizer = tokenizer;
    }

    @Override
    public Tokens encode(String text) {
      longest = Math.max(longest, text.length());
      return tokenizer.encode(text);
    }

    @Override
    public TokenSpans spans(String text) {
      longest = Math.max(longest, text.length());
      return tokenizer.spans(text);
    }

    @Override
    public int maxLength() {
      return tokenizer.maxLength();
    }

    @Override
    public int specialPrefix() {
      return tokenizer.specialPrefix();
    }

    @Override
    public int specialSuffix() {
      return tokenizer.specialSuffix();
    }

    @Override
    public void close() {}
  }
}
