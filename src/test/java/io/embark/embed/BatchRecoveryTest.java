package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.batch.Batch;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Cancellation;
import io.embark.onnx.EncodingException;
import io.embark.onnx.FaultyEncoder;
import io.embark.testing.Embeddings;
import io.embark.testing.TinyModels;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class BatchRecoveryTest {
  /** The id of "hello", which "a" to "z" and "the" lie below. */
  private static final int HELLO = 7592;

  @TempDir Path directory;
  private FaultyEncoder faulty;

  private static final class Counts implements EmbeddingStats {
    final AtomicInteger texts = new AtomicInteger();
    final AtomicInteger halved = new AtomicInteger();
    final AtomicInteger failed = new AtomicInteger();

    @Override
    public void tokenized(int count, long nanos) {}

    @Override
    public void batch(Batch batch, long nanos) {
      texts.addAndGet(batch.size());
    }

    @Override
    public void halved() {
      halved.incrementAndGet();
    }

    @Override
    public void failed(int count) {
      failed.addAndGet(count);
    }
  }

  private EmbedderConfig.Builder config(TinyModels graph) {
    Path model = directory.resolve("model");
    graph.hiddenSize(4).writeDirectory(model);
    // With threads of its own the session has one batch of a stream at a time: what fails is then
    // a matter of sizes only.
    return EmbedderConfig.of(model.toString()).toBuilder().tokenBudget(256).intraOpThreads(2);
  }

  private Embedder open(EmbedderConfig.Builder config, Function<Batch, String> fault)
      throws IOException {
    return Embedder.open(
        config.build(),
        ModelStore.ofThisHost(new Configuration()),
        0,
        session -> faulty = new FaultyEncoder(session, fault));
  }

  private static String tooLargeAbove(Batch batch, int tokens) {
    return batch.paddedTokens() > tokens ? FaultyEncoder.ARENA_FULL : null;
  }

  /** Of 3 to 22 tokens each; the spaces behind keep apart what would be embedded once. */
  private static List<String> texts(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i -> "the " + "a ".repeat(i * 7 % 20) + (char) ('b' + i % 20) + " ".repeat(i / 20))
        .toList();
  }

  private static void assertVectors(Embedder embedder, List<Embedding> found, List<String> texts) {
    float[][] wanted = embedder.embed(texts);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found.get(i).status()).isEqualTo(Status.OK);
      // Sums of other lengths are made in another order.
      assertThat(found.get(i).vector()).containsExactly(wanted[i], within(1e-5f));
    }
  }

  @Test
  void batchesAreHalvedUntilTheyFitAndStaySmall() throws IOException {
    EmbedderConfig.Builder config = config(TinyModels.graph());
    List<String> texts = texts(200);
    Counts counts = new Counts();
    try (Embedder plain = Embedder.open(config.build());
        Embedder embedder = open(config, batch -> tooLargeAbove(batch, 60))) {
      assertVectors(plain, Embeddings.of(embedder, texts, counts), texts);
      assertThat(counts.texts).hasValue(200);
      assertThat(counts.halved.get()).isPositive().isEqualTo(faulty.failed.size());
      assertThat(counts.failed).hasValue(0);
      assertThat(embedder.tokenBudget()).isEqualTo(256);
      assertThat(embedder.tokenBudgetNow()).isBetween(30, 60);
      // 256, 128: what was planned before is cut without trying again.
      assertThat(faulty.failed.size()).isLessThan(5);

      assertVectors(plain, Embeddings.of(embedder, texts, counts), texts);
      assertThat(counts.halved).hasValue(faulty.failed.size());
      assertThat(faulty.failed.size()).isLessThan(5);
    }
  }

  @Test
  void memoryThatReallyRunsOut() throws IOException {
    EmbedderConfig.Builder config = config(TinyModels.graph().outOfMemoryAbove(60));
    List<String> texts = new ArrayList<>(texts(100));
    texts.set(50, "a ".repeat(80));
    Counts counts = new Counts();
    try (Embedder embedder = Embedder.open(config.build())) {
      List<Embedding> found = Embeddings.of(embedder, texts, counts);
      Embedding tooLong = found.remove(50);
      texts.remove(50);
      assertVectors(embedder, found, texts);
      assertThat(tooLong.status()).isEqualTo(Status.FAILED);
      assertThat(tooLong.vector()).isNull();
      assertThat(tooLong.tokenCount()).isEqualTo(82);
      assertThat(tooLong.statusText())
          .startsWith("FAILED: out of memory on cpu with this text of 82 tokens alone")
          .contains("Failed to allocate memory")
          .doesNotContain("\n");
      assertThat(counts.failed).hasValue(1);
      assertThat(counts.texts).hasValue(99);
      // A text that is too long alone says nothing of what fits.
      assertThat(embedder.tokenBudgetNow()).isGreaterThanOrEqualTo(30);
      assertThatThrownBy(() -> embedder.embed(List.of("a ".repeat(80))))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no vector: out of memory");
    }
  }

  @Test
  @Timeout(120)
  void tasksShareWhatOneHasLearnt() throws Exception {
    EmbedderConfig.Builder config =
        config(TinyModels.graph()).set(Setting.BUFFER_ROWS, "64", "test");
    List<String> texts = texts(500);
    Counts counts = new Counts();
    ExecutorService tasks = Executors.newFixedThreadPool(4);
    try (Embedder plain = Embedder.open(config.build());
        Embedder embedder = open(config, batch -> tooLargeAbove(batch, 100))) {
      List<Future<List<Embedding>>> done = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        done.add(tasks.submit(() -> Embeddings.of(embedder, texts, counts)));
      }
      for (Future<List<Embedding>> task : done) {
        assertVectors(plain, task.get(100, TimeUnit.SECONDS), texts);
      }
      assertThat(counts.texts).hasValue(2000);
      assertThat(counts.halved).hasValue(faulty.failed.size());
      // Each task may fail on the batches it had begun, of two sizes, and no more.
      assertThat(faulty.failed.size()).isBetween(2, 8);
    } finally {
      tasks.shutdownNow();
    }
  }

  @Test
  @Timeout(120)
  void batchesOfOneStreamThatFailAtTheSameTimeAreHalvedEach() throws IOException {
    int together = 4;
    EmbedderConfig.Builder config = config(TinyModels.graph()).intraOpThreads(1);
    List<String> texts = texts(200);
    Counts counts = new Counts();
    // More than other tests can have left taken.
    Cores.limit(1_000);
    try (Embedder plain = Embedder.open(config.build());
        Embedder embedder =
            open(config, whenAtTheModel(together, batch -> tooLargeAbove(batch, 60)))) {
      assertVectors(plain, Embeddings.of(embedder, texts, counts), texts);
      assertThat(counts.texts).hasValue(200);
      assertThat(faulty.failed).hasSizeGreaterThanOrEqualTo(together);
      assertThat(counts.halved).hasValue(faulty.failed.size());
      assertThat(counts.failed).hasValue(0);
      assertThat(embedder.tokenBudgetNow()).isBetween(30, 60);
    } finally {
      Cores.limit(Runtime.getRuntime().availableProcessors());
    }
  }

  @Test
  @Timeout(120)
  void textsThatFailInBatchesAtTheSameTimeAreFoundAndOnlyThese() throws IOException {
    EmbedderConfig.Builder config =
        config(TinyModels.graph().failingFromId(HELLO))
            .intraOpThreads(1)
            .tokenBudget(12)
            .set(Setting.ON_ROW_ERROR, "null", "test");
    // 36 tokens: three batches or more.
    List<String> texts =
        List.of("a", "hello", "b", "the a", "hello a", "the b", "the a a", "a hello b", "a b c");
    Counts counts = new Counts();
    Cores.limit(1_000);
    try (Embedder embedder = open(config, whenAtTheModel(3, batch -> null))) {
      List<Embedding> found = Embeddings.of(embedder, texts, counts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(found.get(i).status())
            .as(texts.get(i))
            .isEqualTo(texts.get(i).contains("hello") ? Status.FAILED : Status.OK);
      }
      assertThat(counts.failed).hasValue(3);
      assertThat(counts.texts).hasValue(6);
    } finally {
      Cores.limit(Runtime.getRuntime().availableProcessors());
    }
  }

  /** What becomes of a batch once so many are at the model at the same time. */
  private static Function<Batch, String> whenAtTheModel(
      int batches, Function<Batch, String> fault) {
    CountDownLatch begun = new CountDownLatch(batches);
    return batch -> {
      begun.countDown();
      try {
        if (!begun.await(20, TimeUnit.SECONDS)) {
          throw new IllegalStateException("still waiting for " + begun.getCount() + " batches");
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return fault.apply(batch);
    };
  }

  private List<String> withHello() {
    List<String> texts = new ArrayList<>(texts(60));
    texts.set(7, "hello");
    texts.set(31, "the hello a");
    texts.set(59, "hello ");
    return texts;
  }

  @Test
  void textsThatTheGraphFailsOnAreFoundAndOnlyThese() throws IOException {
    EmbedderConfig.Builder config = config(TinyModels.graph().failingFromId(HELLO));
    List<String> texts = withHello();
    Counts counts = new Counts();
    try (Embedder embedder =
        Embedder.open(config.set(Setting.ON_ROW_ERROR, "null", "test").build())) {
      List<Embedding> found = Embeddings.of(embedder, texts, counts);
      for (int i = 0; i < texts.size(); i++) {
        if (texts.get(i).contains("hello")) {
          assertThat(found.get(i).status()).isEqualTo(Status.FAILED);
          assertThat(found.get(i).statusText()).contains("idx=" + HELLO);
        } else {
          assertVectors(embedder, List.of(found.get(i)), List.of(texts.get(i)));
        }
      }
      assertThat(counts.failed).hasValue(3);
      assertThat(counts.texts).hasValue(57);
      assertThat(counts.halved).hasValue(0);
      assertThat(embedder.tokenBudgetNow()).isEqualTo(256);
    }
  }

  @Test
  void byDefaultTheyFailTheTaskWithTheWayOut() throws IOException {
    EmbedderConfig.Builder config = config(TinyModels.graph().failingFromId(HELLO));
    try (Embedder embedder = Embedder.open(config.build())) {
      assertThatThrownBy(() -> Embeddings.of(embedder, withHello()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("idx=" + HELLO)
          .hasMessageContaining("on-row-error null");
    }
  }

  @Test
  void aSessionThatIsBrokenFailsTheTaskInEveryCase() throws IOException {
    EmbedderConfig.Builder config =
        config(TinyModels.graph()).set(Setting.ON_ROW_ERROR, "null", "test");
    try (Embedder embedder = open(config, batch -> null)) {
      Embeddings.of(embedder, texts(10));
      faulty.breakDown();
      assertThatThrownBy(() -> Embeddings.of(embedder, texts(10)))
          .isInstanceOf(EncodingException.class)
          .hasMessageContaining("illegal memory access")
          .hasMessageContaining("not at fault");
    }
  }

  @Test
  void valuesThatAreNoNumbersAreNoVector() throws IOException {
    EmbedderConfig.Builder config = config(TinyModels.graph().notFiniteFor(HELLO));
    try (Embedder embedder = Embedder.open(config.build())) {
      assertThatThrownBy(() -> Embeddings.of(embedder, withHello()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("NaN")
          .hasMessageContaining("on-row-error null");
    }
    Counts counts = new Counts();
    try (Embedder embedder =
        Embedder.open(config.set(Setting.ON_ROW_ERROR, "null", "test").build())) {
      List<Embedding> found = Embeddings.of(embedder, withHello(), counts);
      List<Integer> failed =
          IntStream.range(0, found.size())
              .filter(i -> found.get(i).status() == Status.FAILED)
              .boxed()
              .toList();
      assertThat(failed).containsExactly(7, 31, 59);
      assertThat(found.get(7).statusText()).startsWith("FAILED: the model gives NaN");
      assertThat(found.get(7).vector()).isNull();
      assertThat(counts.failed).hasValue(3);
    }
  }

  @Test
  void whatIsStoppedIsNotTakenForAFailureOfTexts() throws IOException {
    EmbedderConfig.Builder config =
        config(TinyModels.graph()).set(Setting.ON_ROW_ERROR, "null", "test");
    Cancellation cancellation = new Cancellation();
    try (Embedder embedder =
        open(
            config,
            batch -> {
              cancellation.cancel();
              return "Exiting due to terminate flag being set to true.";
            })) {
      List<Tokens> tokens =
          texts(20).stream().map(embedder.pipeline().tokenizer()::tokenize).toList();
      assertThatThrownBy(
              () -> embedder.pipeline().embed(tokens, EmbeddingStats.NOBODY, cancellation))
          .isInstanceOfSatisfying(
              EncodingException.class,
              e -> assertThat(e.reason()).isEqualTo(EncodingException.Reason.CANCELLED));
      assertThat(faulty.failed).hasSize(1);
    }
  }

  @Test
  void roundedShapesChangeNoVector() throws IOException {
    EmbedderConfig.Builder config = config(TinyModels.graph());
    List<String> texts = texts(150);
    try (Embedder exact = Embedder.open(config.build());
        Embedder rounded =
            open(
                config.set(Setting.SHAPE_BUCKETS, "on", "test"),
                batch -> batch.length() % 8 == 0 ? null : "a length of " + batch.length())) {
      assertVectors(exact, Embeddings.of(rounded, texts), texts);
      assertThat(Arrays.asList(exact.embed(texts.subList(0, 1)))).hasSize(1);
    }
  }
}
