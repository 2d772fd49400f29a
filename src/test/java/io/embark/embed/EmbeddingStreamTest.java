package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.batch.Batch;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingStreamTest {
  private static final TinyModels GRAPH = TinyModels.graph().hiddenSize(4);

  /** [CLS] and "hello"; an id that every text of these tests begins with. */
  private static final long CLS = 101;

  @TempDir static Path model;

  private record Result(String text, Embedding embedding) {}

  @BeforeAll
  static void write() {
    GRAPH.writeDirectory(model);
  }

  private static Embedder open(UnaryOperator<EmbedderConfig.Builder> settings) throws IOException {
    return Embedder.open(settings.apply(EmbedderConfig.of(model.toString()).toBuilder()).build());
  }

  private static EmbeddingStream<String, Result> stream(Embedder embedder, Iterator<String> texts) {
    return new EmbeddingStream<>(embedder, texts, text -> text, Result::new, EmbeddingStats.NOBODY);
  }

  private static List<Result> all(Embedder embedder, String... texts) {
    List<Result> results = new ArrayList<>();
    stream(embedder, Arrays.asList(texts).iterator()).forEachRemaining(results::add);
    assertThat(results.stream().map(Result::text)).containsExactly(texts);
    return results;
  }

  @Test
  void eachTextGetsItsOwnVectorOrItsOwnReason() throws IOException {
    try (Embedder embedder = open(b -> b.pooling(Pooling.MEAN))) {
      List<Result> results =
          all(embedder, "hello", null, "", "hello world", " \u00a0 ", null, "world", "\ufffd");
      assertThat(results.stream().map(r -> r.embedding().status()))
          .containsExactly(
              Status.OK,
              Status.NULL_TEXT,
              Status.BLANK_TEXT,
              Status.OK,
              Status.BLANK_TEXT,
              Status.NULL_TEXT,
              Status.OK,
              Status.BLANK_TEXT);
      for (Result result : results) {
        Embedding embedding = result.embedding();
        if (embedding.status() == Status.OK) {
          assertThat(embedding.vector()).containsExactly(embedder.embed(List.of(result.text()))[0]);
        } else {
          assertThat(embedding.vector()).isNull();
        }
        assertThat(embedding.truncated()).isFalse();
      }
      assertThat(results.get(0).embedding().tokenCount()).isEqualTo(3);
      assertThat(results.get(1).embedding().tokenCount()).isZero();
      assertThat(results.get(2).embedding().tokenCount()).isEqualTo(2);
    }
  }

  @Test
  void anyBufferGivesTheSame() throws IOException {
    Random random = new Random(7);
    String[] texts =
        IntStream.range(0, 200)
            .mapToObj(
                i ->
                    i % 17 == 0
                        ? null
                        : i % 19 == 0 ? " " : "word " + "more ".repeat(random.nextInt(30)) + i)
            .toArray(String[]::new);
    List<List<Embedding>> found = new ArrayList<>();
    for (String rows : List.of("1", "2", "7", "199", "200", "201", "2048")) {
      try (Embedder embedder = open(b -> b.set(Setting.BUFFER_ROWS, rows, "test"))) {
        found.add(all(embedder, texts).stream().map(Result::embedding).toList());
      }
    }
    try (Embedder embedder = open(b -> b.set(Setting.BUFFER_CHARS, "50", "test").tokenBudget(9))) {
      found.add(all(embedder, texts).stream().map(Result::embedding).toList());
    }
    assertThat(found)
        .allSatisfy(f -> assertThat(f).usingRecursiveComparison().isEqualTo(found.get(0)));
  }

  @Test
  void itReadsNoFurtherAheadThanItsBuffer() throws IOException {
    AtomicInteger read = new AtomicInteger();
    Iterator<String> endless =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return true;
          }

          @Override
          public String next() {
            int i = read.getAndIncrement();
            return i % 3 == 0 ? null : "text " + i;
          }
        };
    try (Embedder embedder = open(b -> b.set(Setting.BUFFER_ROWS, "64", "test"))) {
      EmbeddingStream<String, Result> stream = stream(embedder, endless);
      assertThat(read).hasValue(0);
      for (int i = 0; i < 1000; i++) {
        assertThat(stream.next().text()).isEqualTo(i % 3 == 0 ? null : "text " + i);
        assertThat(read.get() - i).isBetween(1, 64);
      }
    }
    read.set(0);
    try (Embedder embedder = open(b -> b.set(Setting.BUFFER_CHARS, "30", "test"))) {
      EmbeddingStream<String, Result> stream = stream(embedder, endless);
      for (int i = 0; i < 100; i++) {
        stream.next();
        assertThat(read.get() - i).isBetween(1, 9);
      }
    }
  }

  @Test
  void aStreamOfNothingHasNothing() throws IOException {
    try (Embedder embedder = open(b -> b)) {
      EmbeddingStream<String, Result> stream =
          stream(embedder, Collections.<String>emptyList().iterator());
      assertThat(stream.hasNext()).isFalse();
      assertThatThrownBy(stream::next).isInstanceOf(NoSuchElementException.class);
      assertThat(all(embedder, null, null)).hasSize(2);
    }
  }

  @Test
  void cutTextsSayHowMuchWasLost() throws IOException {
    try (Embedder embedder = open(b -> b.maxLength(10))) {
      Embedding cut =
          all(embedder, "one two three four five six seven eight nine").get(0).embedding();
      assertThat(cut.truncated()).isTrue();
      assertThat(cut.tokenCount()).isEqualTo(11);
      assertThat(cut.tokensUsed()).isEqualTo(10);
    }
  }

  @Test
  void theAccountAddsUp() throws IOException {
    AtomicInteger texts = new AtomicInteger();
    AtomicInteger rows = new AtomicInteger();
    AtomicInteger tokens = new AtomicInteger();
    AtomicInteger read = new AtomicInteger();
    AtomicInteger waits = new AtomicInteger();
    EmbeddingStats stats =
        new EmbeddingStats() {
          @Override
          public void read(int count, long nanos) {
            read.addAndGet(count);
            assertThat(nanos).isNotNegative();
          }

          @Override
          public void waited(long nanos) {
            waits.incrementAndGet();
            assertThat(nanos).isNotNegative();
          }

          @Override
          public void tokenized(int count, long nanos) {
            texts.addAndGet(count);
            assertThat(nanos).isNotNegative();
          }

          @Override
          public void batch(Batch batch, long nanos) {
            rows.addAndGet(batch.size());
            tokens.addAndGet(batch.tokens());
          }
        };
    try (Embedder embedder = open(b -> b.set(Setting.BUFFER_ROWS, "2", "test"))) {
      new EmbeddingStream<>(
              embedder,
              Arrays.asList("hello", null, "hello world", "", "x").iterator(),
              text -> text,
              Result::new,
              stats)
          .forEachRemaining(r -> {});
    }
    assertThat(read).hasValue(5);
    assertThat(waits).as("buffers").hasValue(3);
    assertThat(texts).hasValue(3);
    assertThat(rows).hasValue(3);
    assertThat(tokens).hasValue(3 + 4 + 3);
  }

  @Test
  void aFailureInTheModelIsNotSwallowed(@TempDir Path other) throws IOException {
    TinyModels.graph().hiddenSize(4).failingFromId(2000).writeDirectory(other);
    try (Embedder embedder = Embedder.open(EmbedderConfig.of(other.toString()))) {
      EmbeddingStream<String, Result> stream = stream(embedder, List.of("hello").iterator());
      assertThatThrownBy(stream::hasNext)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("1 rows x 3 tokens");
    }
  }

  @Test
  void theFirstStateIsThatOfCls() throws IOException {
    try (Embedder embedder = open(b -> b.pooling(Pooling.CLS))) {
      assertThat(all(embedder, "hello").get(0).embedding().vector())
          .containsExactly(GRAPH.state(CLS));
    }
    try (Embedder embedder = open(b -> b.pooling(Pooling.POOLER))) {
      assertThat(all(embedder, "hello").get(0).embedding().vector())
          .containsExactly(GRAPH.pooled(CLS));
    }
  }
}
