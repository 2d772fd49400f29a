package io.embark.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.testing.TinyModels;
import io.embark.testing.TinyTokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** MiniLM's own file, which asks for truncation to 128 and padding to exactly 128. */
class HfTokenizerTest {
  private static final long CLS = 101;
  private static final long SEP = 102;

  @TempDir static Path directory;
  private static Path file;

  @BeforeAll
  static void write() {
    file = TinyModels.writeTokenizer(directory);
  }

  @Test
  void truncationAndPaddingOfTheFileAreIgnored() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file, 512)) {
      assertThat(tokenizer.specialTokens()).isEqualTo(2);
      assertThat(tokenizer.encode("Hello world").ids()).containsExactly(CLS, 7592, 2088, SEP);
      Tokens longer = tokenizer.encode("a ".repeat(300));
      assertThat(longer.used()).isEqualTo(302);
      assertThat(longer.truncated()).isFalse();
    }
  }

  @Test
  void aStaticModelsTextsGetNoTokensAround() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.withoutSpecialTokens(file, 3)) {
      assertThat(tokenizer.specialTokens()).isZero();
      assertThat(tokenizer.encode("Hello world").ids()).containsExactly(7592, 2088);
      assertThat(tokenizer.encode("").ids()).isEmpty();
      Tokens cut = tokenizer.encode("hello world hello world");
      assertThat(cut.ids()).containsExactly(7592, 2088, 7592);
      assertThat(cut.total()).isEqualTo(4);
      // Those that stand in the text are the text's own.
      assertThat(tokenizer.encode("[SEP]").ids()).containsExactly(SEP);
    }
  }

  @ParameterizedTest
  @CsvSource({"WORD_PIECE,30521", "BYTE_LEVEL,261", "UNIGRAM,"})
  void theLargestIdIsKnown(TinyTokenizers family, Long id) throws IOException {
    Path own = family.write(Files.createTempDirectory(directory, "largest"));
    try (HfTokenizer tokenizer = HfTokenizer.open(own, 512)) {
      long most = new ObjectMapper().readTree(own.toFile()).at("/model/vocab").size() - 1;
      assertThat(tokenizer.largestId()).isEqualTo(id == null ? most : id).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 127, 128, 129})
  void theCutKeepsTheClosingToken(int maxLength) throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file, maxLength)) {
      Tokens cut = tokenizer.encode("hello world ".repeat(100));
      assertThat(cut.used()).isEqualTo(maxLength);
      assertThat(cut.total()).isEqualTo(202);
      assertThat(cut.truncated()).isTrue();
      assertThat(cut.ids()).startsWith(CLS, 7592).endsWith(SEP);
      // Full to the last token is not cut.
      Tokens full = tokenizer.encode("hello ".repeat(maxLength - 2));
      assertThat(full.used()).isEqualTo(maxLength);
      assertThat(full.truncated()).isFalse();
    }
  }

  @Test
  void aLimitThatLeavesNoRoomForTextIsRefused() {
    assertThatThrownBy(() -> HfTokenizer.open(file, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("max-length is 2")
        .hasMessageContaining("at least 3");
  }

  @Test
  void aLoneSurrogateIsTheReplacementCharacter() throws IOException {
    try (HfTokenizer tokenizer = HfTokenizer.open(file, 64)) {
      String fine = "smile 😀 done";
      assertThat(tokenizer.encode("a \ud800 b \udc00 \ud83d\ude00 \ud83d").ids())
          .containsExactly(tokenizer.encode("a \ufffd b \ufffd \ud83d\ude00 \ufffd").ids());
      assertThat(tokenizer.encode(fine).used()).isGreaterThan(3);
      assertThat(tokenizer.encode("\udc00\ud800").ids()).containsExactly(CLS, SEP);
    }
  }

  @Test
  void aFileThatIsNoTokenizerIsRefused(@TempDir Path other) throws IOException {
    Path text = Files.writeString(other.resolve("tokenizer.json"), "{\"a\": 1}");
    assertThatThrownBy(() -> HfTokenizer.open(text, 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(text.toString());
    assertThatThrownBy(() -> HfTokenizer.open(other.resolve("nowhere.json"), 64))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nowhere.json");
  }

  @Test
  void closedTwiceAndUsedAfterwards() throws IOException {
    HfTokenizer tokenizer = HfTokenizer.open(file, 64);
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("late"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  @Timeout(60)
  void closingWaitsForRunningTexts() throws Exception {
    String text = "a long text of many words ".repeat(500);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 5; round++) {
        HfTokenizer tokenizer = HfTokenizer.open(file, 64);
        CountDownLatch running = new CountDownLatch(4);
        List<Future<Integer>> done = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
          done.add(threads.submit(() -> encodeUntilClosed(tokenizer, text, running)));
        }
        running.await();
        tokenizer.close();
        for (Future<Integer> texts : done) {
          assertThat(texts.get(30, TimeUnit.SECONDS)).isPositive();
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static int encodeUntilClosed(HfTokenizer tokenizer, String text, CountDownLatch running) {
    for (int texts = 0; ; texts++) {
      try {
        assertThat(tokenizer.encode(text).total()).isEqualTo(3002);
        if (texts == 0) {
          running.countDown();
        }
      } catch (IllegalStateException e) {
        return texts;
      }
    }
  }
}
