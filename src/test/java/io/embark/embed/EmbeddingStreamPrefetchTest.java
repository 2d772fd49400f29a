package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.batch.Batch;
import io.embark.onnx.Device;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What runs while what else runs; told by who waits for whom, not by the clock. Only how soon a
 * stream stops is timed.
 */
@Timeout(120)
class EmbeddingStreamPrefetchTest {
  private static final int ROWS = 4;

  @TempDir static Path model;

  private record Result(String text, Embedding embedding) {}

  @BeforeAll
  static void write() {
    TinyModels.graph().hiddenSize(4).writeDirectory(model);
  }

  /** Other tests may have left streams in the middle, and their threads with them. */
  private Set<Thread> before;

  @BeforeEach
  void lookAtThreads() {
    before = Thread.getAllStackTraces().keySet();
  }

  @AfterEach
  void noThreadIsLeft() {
    assertThat(Thread.interrupted()).as("interrupted").isFalse();
    assertThat(batchThreads()).isEmpty();
  }

  private List<String> batchThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread))
        .map(Thread::getName)
        .filter(name -> name.startsWith("embark-batches"))
        .toList();
  }

  private static Embedder open(Path model, int prefetch, int bufferRows) throws IOException {
    return Embedder.open(
        EmbedderConfig.of(model.toString()).toBuilder()
            .set(Setting.PREFETCH, Integer.toString(prefetch), "test")
            .set(Setting.BUFFER_ROWS, Integer.toString(bufferRows), "test")
            .build());
  }

  private static EmbeddingStream<String, Result> stream(
      Embedder embedder, Iterator<String> texts, EmbeddingStats stats) {
    return new EmbeddingStream<>(embedder, texts, text -> text, Result::new, stats);
  }

  private static Iterator<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(i -> "text " + i).iterator();
  }

  /** Told of batches while the model still holds the buffer that they belong to. */
  private static class Stats implements EmbeddingStats {
    final AtomicInteger buffers = new AtomicInteger();
    final AtomicInteger batches = new AtomicInteger();

    @Override
    public void tokenized(int texts, long nanos) {
      buffers.incrementAndGet();
    }

    @Override
    public void batch(Batch batch, long nanos) {
      atModel(batches.getAndIncrement());
    }

    void atModel(int buffer) {}
  }

  private static void await(CountDownLatch latch, String what) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new AssertionError("Nobody " + what + " while the model was at work.");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Test
  void theNextBufferIsTokenisedWhileTheModelHoldsOne() throws IOException {
    CountDownLatch second = new CountDownLatch(2);
    Stats stats =
        new Stats() {
          @Override
          public void tokenized(int texts, long nanos) {
            super.tokenized(texts, nanos);
            second.countDown();
          }

          @Override
          void atModel(int buffer) {
            if (buffer == 0) {
              await(second, "tokenised the second buffer");
            }
          }
        };
    try (Embedder embedder = open(model, 1, ROWS)) {
      stream(embedder, texts(3 * ROWS), stats).forEachRemaining(result -> {});
    }
    assertThat(stats.batches).hasValue(3);
  }

  @Test
  void rowsAreHandedOnWhileTheModelHoldsTheNext() throws IOException {
    CountDownLatch taken = new CountDownLatch(ROWS);
    Stats stats =
        new Stats() {
          @Override
          void atModel(int buffer) {
            if (buffer == 1) {
              await(taken, "handed on the first buffer");
            }
          }
        };
    try (Embedder embedder = open(model, 1, ROWS)) {
      stream(embedder, texts(3 * ROWS), stats).forEachRemaining(result -> taken.countDown());
    }
    assertThat(stats.batches).hasValue(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void noMoreIsReadThanItsBuffersHold(int prefetch) throws IOException {
    AtomicInteger read = new AtomicInteger();
    Iterator<String> endless = endless(i -> (read.incrementAndGet() % 3 == 0) ? null : "text " + i);
    Stats stats = new Stats();
    try (Embedder embedder = open(model, prefetch, ROWS);
        EmbeddingStream<String, Result> stream = stream(embedder, endless, stats)) {
      int most = 0;
      for (int i = 0; i < 100; i++) {
        stream.next();
        most = Math.max(most, read.get() - i);
        assertThat(stats.buffers.get()).isLessThanOrEqualTo(i / ROWS + prefetch + 1);
      }
      assertThat(most).isEqualTo((prefetch + 1) * ROWS);
    }
  }

  private static Iterator<String> endless(IntFunction<String> text) {
    return IntStream.iterate(0, i -> i + 1).mapToObj(text).iterator();
  }

  @Test
  void everyTextComesOutOnceInOrderWhateverTheBuffers() throws IOException {
    Random random = new Random(11);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      int kind = random.nextInt(8);
      texts.add(kind == 0 ? null : kind == 1 ? " " : "more ".repeat(random.nextInt(20)) + i);
    }
    List<Embedding> expected = null;
    for (int round = 0; round < 12; round++) {
      List<Result> results = new ArrayList<>();
      try (Embedder embedder = open(model, random.nextInt(5), 1 + random.nextInt(120))) {
        stream(embedder, texts.iterator(), EmbeddingStats.NOBODY).forEachRemaining(results::add);
      }
      assertThat(results.stream().map(Result::text)).containsExactlyElementsOf(texts);
      List<Embedding> found = results.stream().map(Result::embedding).toList();
      expected = expected == null ? found : expected;
      assertThat(found).usingRecursiveComparison().isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aFailureOfTheModelReachesTheReaderAndStays(int prefetch, @TempDir Path failing)
      throws IOException {
    TinyModels.graph().hiddenSize(4).failingFromId(2000).writeDirectory(failing);
    List<String> texts = new ArrayList<>(List.of("", "", "", "", "", "hello", "", "", "", ""));
    try (Embedder embedder = open(failing, prefetch, 2)) {
      EmbeddingStream<String, Result> stream =
          stream(embedder, texts.iterator(), EmbeddingStats.NOBODY);
      for (int i = 0; i < 4; i++) {
        assertThat(stream.next().text()).isEmpty();
      }
      assertThatThrownBy(stream::hasNext)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("1 rows x 3 tokens")
          .hasCauseInstanceOf(Exception.class);
      // Whoever asks on must not take it for the end.
      assertThatThrownBy(stream::hasNext).hasMessageContaining("1 rows x 3 tokens");
      assertThatThrownBy(stream::next).hasMessageContaining("1 rows x 3 tokens");
    }
  }

  @Test
  void aFailureOfTheSourceStopsTheModel() throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    Stats stats =
        new Stats() {
          @Override
          void atModel(int buffer) {
            await(never, "was expected to");
          }
        };
    Iterator<String> source =
        endless(
            i -> {
              if (i == ROWS + 1) {
                throw new IllegalStateException("the disk is gone");
              }
              return "text " + i;
            });
    try (Embedder embedder = open(model, 1, ROWS)) {
      EmbeddingStream<String, Result> stream = stream(embedder, source, stats);
      assertThatThrownBy(stream::hasNext).hasMessage("the disk is gone");
      assertThat(batchThreads()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void anInterruptEndsTheWaitAndTheThreadWithinASecond(int prefetch) throws IOException {
    Thread reader = Thread.currentThread();
    CountDownLatch never = new CountDownLatch(1);
    try (Embedder embedder = open(model, prefetch, ROWS)) {
      assertQuick(
          () -> {
            AtomicLong signal = new AtomicLong();
            Stats stats =
                new Stats() {
                  @Override
                  void atModel(int buffer) {
                    signal.set(System.nanoTime());
                    reader.interrupt();
                    await(never, "was expected to");
                  }
                };
            EmbeddingStream<String, Result> stream = stream(embedder, texts(100), stats);
            assertThatThrownBy(stream::hasNext).isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
            assertThat(batchThreads()).isEmpty();
            return System.nanoTime() - signal.get();
          });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whoeverMayStopItDoesWithinASecond(int prefetch) throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    try (Embedder embedder = open(model, prefetch, ROWS)) {
      assertQuick(
          () -> {
            AtomicLong signal = new AtomicLong();
            Stats stats =
                new Stats() {
                  @Override
                  void atModel(int buffer) {
                    signal.set(System.nanoTime());
                    await(never, "was expected to");
                  }
                };
            EmbeddingStream<String, Result> stream =
                stream(embedder, texts(100), stats).stopWhen(() -> signal.get() != 0);
            assertThatThrownBy(stream::hasNext).isInstanceOf(CancellationException.class);
            assertThat(batchThreads()).isEmpty();
            return System.nanoTime() - signal.get();
          });
    }
  }

  @Test
  void closingInTheMiddleEndsTheThreadAndIsNoEnd() throws IOException {
    try (Embedder embedder = open(model, 2, ROWS)) {
      EmbeddingStream<String, Result> stream =
          stream(embedder, endless(i -> "text " + i), EmbeddingStats.NOBODY);
      assertThat(stream.next().text()).isEqualTo("text 0");
      assertThat(batchThreads()).hasSize(1);
      stream.close();
      stream.close();
      assertThat(batchThreads()).isEmpty();
      assertThatThrownBy(stream::hasNext).hasMessageContaining("closed before its end");
    }
  }

  @Test
  void aReadStreamHasNoThreadAndMayBeClosed() throws IOException {
    try (Embedder embedder = open(model, 2, ROWS)) {
      EmbeddingStream<String, Result> stream =
          stream(embedder, Arrays.asList("a", null, "b").iterator(), EmbeddingStats.NOBODY);
      stream.forEachRemaining(result -> {});
      assertThat(batchThreads()).isEmpty();
      stream.close();
      assertThat(stream.hasNext()).isFalse();
    }
  }

  /** A batch of some seconds, of which each operator of the graph is a small part. */
  @Test
  void aRunningBatchIsStoppedWithinASecond() throws IOException {
    List<String> texts =
        IntStream.range(0, 2000)
            .mapToObj(i -> " ".repeat(i % 50) + "word ".repeat(120) + " ".repeat(i / 50))
            .toList();
    EmbedderConfig config =
        EmbedderConfig.of("builtin:all-MiniLM-L6-v2").toBuilder()
            .device(Device.CPU)
            .intraOpThreads(1)
            .tokenBudget(30_000)
            .build();
    try (Embedder embedder = Embedder.open(config)) {
      assertQuick(
          () -> {
            AtomicLong handedOver = new AtomicLong();
            AtomicLong signal = new AtomicLong();
            Stats stats =
                new Stats() {
                  @Override
                  public void tokenized(int count, long nanos) {
                    handedOver.set(System.nanoTime());
                  }
                };
            EmbeddingStream<String, Result> stream =
                stream(embedder, texts.iterator(), stats)
                    .stopWhen(() -> signalled(handedOver.get(), signal));
            assertThatThrownBy(stream::hasNext).isInstanceOf(CancellationException.class);
            assertThat(batchThreads()).isEmpty();
            assertThat(stats.batches).as("batches that ran to their end").hasValue(0);
            return System.nanoTime() - signal.get();
          });
    }
  }

  /** Says stop half a second after the batches were handed over, and notes when it first did. */
  private static boolean signalled(long handedOver, AtomicLong signal) {
    if (handedOver == 0 || System.nanoTime() - handedOver < 500_000_000) {
      return false;
    }
    signal.compareAndSet(0, System.nanoTime());
    return true;
  }

  /**
   * One try of several ends within a second of its signal. Whatever else this machine does can only
   * make an end come later.
   *
   * @param nanos a try, which gives the time from the signal to the end
   */
  private static void assertQuick(Try nanos) throws IOException {
    long quickest = Long.MAX_VALUE;
    for (int i = 0; i < 5 && quickest > 1_000_000_000; i++) {
      quickest = Math.min(quickest, nanos.run());
    }
    assertThat(quickest).as("nanoseconds").isLessThanOrEqualTo(1_000_000_000);
  }

  private interface Try {
    long run() throws IOException;
  }
}
