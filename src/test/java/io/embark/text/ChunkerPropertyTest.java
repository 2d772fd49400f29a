package io.embark.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.TinyTokenizers;
import io.embark.token.Tokenizer;
import io.embark.token.Tokenizer.TokenSpans;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What holds of the chunks of any text, for each family of tokenizers. */
class ChunkerPropertyTest {
  private static final Map<TinyTokenizers, Tokenizer> TOKENIZERS =
      new EnumMap<>(TinyTokenizers.class);

  @BeforeContainer
  static void open() throws IOException {
    Path directory = Files.createTempDirectory(Path.of("target"), "tokenizers");
    for (TinyTokenizers kind : TinyTokenizers.values()) {
      TOKENIZERS.put(kind, kind.open(directory, 512));
    }
  }

  @AfterContainer
  static void close() {
    TOKENIZERS.values().forEach(Tokenizer::close);
  }

  @Provide
  Arbitrary<String> documents() {
    return HostileTexts.any();
  }

  @Provide
  Arbitrary<String> prompts() {
    return Arbitraries.of("", "query: ");
  }

  @Property(seed = "20261123")
  void chunksCoverTheDocumentWithinTheLimits(
      @ForAll("documents") String document,
      @ForAll TinyTokenizers kind,
      @ForAll("prompts") String prompt,
      @ForAll @IntRange(min = 18, max = 60) int tokens,
      @ForAll @IntRange(min = 0, max = 5) int overlap) {
    Tokenizer tokenizer = TOKENIZERS.get(kind);
    Chunker chunker = new Chunker(tokenizer, prompt, tokens, overlap);
    List<Chunk> chunks = new ArrayList<>();
    chunker.chunks(document).forEachRemaining(chunks::add);

    assertThat(chunks).isNotEmpty();
    if (tokenizer.encode(prompt + document).total() <= tokens) {
      assertThat(chunks).hasSize(1);
      assertThat(chunks.get(0).text()).isEqualTo(document);
    }
    TokenSpans spans = tokenizer.spans(document);
    int covered = 0;
    for (int i = 0; i < chunks.size(); i++) {
      Chunk chunk = chunks.get(i);
      assertThat(chunk.index()).isEqualTo(i);
      assertThat(chunk.text()).isEqualTo(document.substring(chunk.start(), chunk.end()));
      assertThat(chunk.codePointStart()).isEqualTo(document.codePointCount(0, chunk.start()));
      assertThat(chunk.codePointEnd()).isEqualTo(document.codePointCount(0, chunk.end()));
      assertThat(tokenizer.encode(prompt + chunk.text()).total()).isLessThanOrEqualTo(tokens);
      assertWhole(document, chunk.start());
      assertWhole(document, chunk.end());
      if (i > 0) {
        Chunk before = chunks.get(i - 1);
        assertThat(chunk.start()).isGreaterThan(before.start());
        assertThat(chunk.end()).isGreaterThan(before.end());
        assertThat(overlap(spans, before, chunk)).isLessThanOrEqualTo(overlap);
      }
      if (chunk.start() > covered) {
        assertThat(document.substring(covered, chunk.start())).matches(ChunkerPropertyTest::spaces);
      }
      covered = Math.max(covered, chunk.end());
    }
    assertThat(document.substring(covered)).matches(ChunkerPropertyTest::spaces);
    List<Chunk> again = new ArrayList<>();
    chunker.chunks(document).forEachRemaining(again::add);
    assertThat(again).isEqualTo(chunks);
  }

  /** Tokens of the whole document that begin in both chunks. */
  private static int overlap(TokenSpans spans, Chunk before, Chunk chunk) {
    return chunk.start() >= before.end()
        ? 0
        : spans.firstFrom(before.end()) - spans.firstFrom(chunk.start());
  }

  /** No surrogate pair is parted, nor a letter from its accents. */
  private static void assertWhole(String document, int at) {
    if (at > 0 && at < document.length()) {
      assertThat(Character.isSurrogatePair(document.charAt(at - 1), document.charAt(at))).isFalse();
    }
  }

  private static boolean spaces(String text) {
    return text.chars().allMatch(c -> Spaces.isSpace((char) c));
  }
}
