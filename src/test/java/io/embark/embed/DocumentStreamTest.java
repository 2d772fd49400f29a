package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import io.embark.text.Chunk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentStreamTest {
  private static final String LONG =
      "One two three four five six. Seven eight nine ten. ".repeat(9);

  @TempDir static Path model;

  private record Result(String document, Chunk chunk, int chunks, Embedding embedding) {}

  @BeforeAll
  static void write() {
    TinyModels.graph().hiddenSize(6).writeDirectory(model);
  }

  private static Embedder open(UnaryOperator<EmbedderConfig.Builder> settings) throws IOException {
    return Embedder.open(settings.apply(EmbedderConfig.of(model.toString()).toBuilder()).build());
  }

  private static DocumentStream<String, Result> stream(
      Embedder embedder, ChunkMode mode, int tokens, int overlap, Iterator<String> documents) {
    return new DocumentStream<>(
        embedder,
        embedder.chunker(tokens, overlap),
        mode,
        documents,
        document -> document,
        new DocumentStream.Results<>() {
          @Override
          public Result ofChunk(String document, Chunk chunk, Embedding embedding) {
            return new Result(document, chunk, -1, embedding);
          }

          @Override
          public Result ofDocument(String document, int chunks, Embedding merged) {
            return new Result(document, null, chunks, merged);
          }
        },
        EmbeddingStats.NOBODY);
  }

  private static List<Result> all(
      Embedder embedder, ChunkMode mode, int tokens, int overlap, String... documents) {
    List<Result> results = new ArrayList<>();
    stream(embedder, mode, tokens, overlap, Arrays.asList(documents).iterator())
        .forEachRemaining(results::add);
    return results;
  }

  private static Embedding alone(Embedder embedder, String text) {
    return new EmbeddingStream<>(
            embedder, List.of(text).iterator(), t -> t, (t, e) -> e, EmbeddingStats.NOBODY)
        .next();
  }

  @Test
  void aShortDocumentHasTheVectorOfItsText() throws IOException {
    try (Embedder embedder = open(b -> b.pooling(Pooling.MEAN, Pooling.CLS).normalize(Norm.L2))) {
      for (String text : List.of("hello world", " hello \n", "x")) {
        for (Result result : all(embedder, ChunkMode.BOTH, 16, 3, text)) {
          assertThat(result.embedding())
              .usingRecursiveComparison()
              .isEqualTo(alone(embedder, text));
        }
      }
    }
  }

  @Test
  void aDocumentIsTheMeanOfItsChunksWeightedByTokens() throws IOException {
    for (Norm norm : Norm.values()) {
      try (Embedder embedder = open(b -> b.pooling(Pooling.MEAN, Pooling.MAX).normalize(norm))) {
        List<Result> results = all(embedder, ChunkMode.BOTH, 20, 0, LONG);
        Result document = results.get(results.size() - 1);
        List<Result> chunks = results.subList(0, results.size() - 1);
        assertThat(chunks).hasSizeGreaterThan(3);
        assertThat(document.chunks()).isEqualTo(chunks.size());
        for (int v = 0; v < 2; v++) {
          float[] wanted = new float[6];
          int weights = 0;
          for (Result chunk : chunks) {
            assertThat(chunk.embedding())
                .usingRecursiveComparison()
                .isEqualTo(alone(embedder, chunk.chunk().text()));
            int weight = chunk.embedding().tokensUsed() - 2;
            weights += weight;
            for (int i = 0; i < 6; i++) {
              wanted[i] += weight * chunk.embedding().vector(v)[i];
            }
          }
          for (int i = 0; i < 6; i++) {
            wanted[i] /= weights;
          }
          norm.apply(wanted);
          assertThat(document.embedding().vector(v)).containsExactly(wanted, within(1e-6f));
        }
      }
    }
  }

  /** Each token counts the same, whatever chunk it came to stand in. */
  @Test
  void ofMeansWithoutSpecialTokensTheMeanIsThatOfTheWhole() throws IOException {
    try (Embedder embedder =
        open(b -> b.pooling(Pooling.MEAN).set(Setting.EXCLUDE_SPECIAL_TOKENS, "true", "test"))) {
      Embedding whole = alone(embedder, LONG);
      for (int tokens : new int[] {10, 17, 33, 64}) {
        Embedding merged = all(embedder, ChunkMode.DOCUMENT, tokens, 0, LONG).get(0).embedding();
        assertThat(merged.vector()).containsExactly(whole.vector(), within(1e-5f));
      }
    }
  }

  @Test
  void documentsKeepTheirOrderAndTheirStatus() throws IOException {
    String[] documents = {null, LONG, "", "short", " ", LONG + "x", null, "\u200b".repeat(99)};
    try (Embedder embedder = open(b -> b.set(Setting.BUFFER_ROWS, "3", "test"))) {
      List<Result> merged = all(embedder, ChunkMode.DOCUMENT, 20, 4, documents);
      assertThat(merged.stream().map(Result::document)).containsExactly(documents);
      assertThat(merged.stream().map(r -> r.embedding().status()))
          .containsExactly(
              Status.NULL_TEXT,
              Status.OK,
              Status.BLANK_TEXT,
              Status.OK,
              Status.BLANK_TEXT,
              Status.OK,
              Status.NULL_TEXT,
              Status.BLANK_TEXT);
      assertThat(merged.get(0).chunks()).isZero();
      assertThat(merged.get(2).chunks()).isEqualTo(1);
      List<Result> rows = all(embedder, ChunkMode.ROWS, 20, 4, documents);
      List<Result> both = all(embedder, ChunkMode.BOTH, 20, 4, documents);
      assertThat(both).hasSize(rows.size() + documents.length);
      int tokens = 0;
      for (Result result : both) {
        assertThat(result.embedding().truncated()).isFalse();
        if (result.chunks() < 0) {
          tokens += result.embedding().tokensUsed();
        } else {
          assertThat(result.embedding().tokensUsed()).isEqualTo(tokens);
          tokens = 0;
        }
      }
    }
  }

  @Test
  void buffersChangeNothing() throws IOException {
    String[] documents = {LONG, null, "short", LONG.repeat(3)};
    List<List<Result>> found = new ArrayList<>();
    for (String rows : List.of("1", "7", "2048")) {
      try (Embedder embedder = open(b -> b.set(Setting.BUFFER_ROWS, rows, "test"))) {
        found.add(all(embedder, ChunkMode.BOTH, 20, 4, documents));
      }
    }
    assertThat(found)
        .allSatisfy(f -> assertThat(f).usingRecursiveComparison().isEqualTo(found.get(0)));
  }

  /** A chunk with nothing to read between others, and one that the model fails on. */
  @Test
  void chunksWithoutAVectorHaveNoWeight() {
    float[][] vector = {{1, 2}};
    Embedding ok = new Embedding(vector, null, 10, 10, 0, Status.OK, null);
    Embedding blank = new Embedding(null, null, 2, 2, 0, Status.BLANK_TEXT, null);
    DocumentStream.MergedChunks merged = new DocumentStream.MergedChunks(Norm.NONE, 2);
    merged.add(blank);
    merged.add(ok);
    merged.add(blank);
    assertThat(merged.result().vectors()).isSameAs(vector);
    assertThat(merged.result().tokenCount()).isEqualTo(14);
    assertThat(merged.result().status()).isEqualTo(Status.OK);
    DocumentStream.MergedChunks failed = new DocumentStream.MergedChunks(Norm.NONE, 2);
    failed.add(ok);
    failed.add(new Embedding(null, null, 5, 5, 0, Status.FAILED, "out of memory"));
    failed.add(ok);
    assertThat(failed.result().statusText()).isEqualTo("FAILED: out of memory");
    assertThat(failed.result().vectors()).isNull();
    DocumentStream.MergedChunks nothing = new DocumentStream.MergedChunks(Norm.NONE, 2);
    nothing.add(blank);
    nothing.add(blank);
    assertThat(nothing.result().status()).isEqualTo(Status.BLANK_TEXT);
    assertThat(nothing.result().vectors()).isNull();
  }

  @Test
  void chunksPassByWhileTheDocumentIsStillRead() throws IOException {
    AtomicInteger read = new AtomicInteger();
    Iterator<String> documents =
        List.of(LONG.repeat(200), "next").stream().peek(d -> read.incrementAndGet()).iterator();
    try (Embedder embedder = open(b -> b.set(Setting.BUFFER_ROWS, "8", "test"))) {
      DocumentStream<String, Result> stream = stream(embedder, ChunkMode.ROWS, 20, 0, documents);
      for (int i = 0; i < 500; i++) {
        assertThat(stream.next().chunk().index()).isEqualTo(i);
        assertThat(read).hasValue(1);
      }
    }
  }
}
