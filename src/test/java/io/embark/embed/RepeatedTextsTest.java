package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.batch.Batch;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Equal texts of a buffer are embedded once. */
class RepeatedTextsTest {
  @TempDir Path directory;

  private final Counts counts = new Counts();

  private static final class Counts implements EmbeddingStats {
    private int tokenized;
    private int repeated;
    private int embedded;

    @Override
    public void tokenized(int texts, long nanos) {
      tokenized += texts;
    }

    @Override
    public void repeated(int texts) {
      repeated += texts;
    }

    @Override
    public void batch(Batch batch, long nanos) {
      embedded += batch.size();
    }
  }

  private List<List<Embedding>> embed(
      TinyModels model, UnaryOperator<EmbedderConfig.Builder> settings, List<List<String>> rows)
      throws IOException {
    Path path = Files.createTempDirectory(directory, "model").resolve("tiny");
    model.writeDirectory(path);
    EmbedderConfig config = settings.apply(EmbedderConfig.of(path.toString()).toBuilder()).build();
    List<List<Embedding>> found = new ArrayList<>();
    try (Embedder embedder = Embedder.open(config)) {
      EmbeddingStream.ofSeveralTexts(
              embedder, rows.iterator(), row -> row, (row, embeddings) -> embeddings, counts)
          .forEachRemaining(found::add);
    }
    return found;
  }

  private List<Embedding> embed(UnaryOperator<EmbedderConfig.Builder> settings, String... texts)
      throws IOException {
    return embed(
            TinyModels.graph().hiddenSize(4),
            settings,
            Arrays.stream(texts).map(Arrays::asList).toList())
        .stream()
        .map(e -> e.get(0))
        .toList();
  }

  @Test
  void theyShareTheBitsAndNotTheArrays() throws IOException {
    String again = new StringBuilder("hello").toString();
    List<Embedding> found =
        embed(b -> b.set(Setting.TOKEN_STATES, "true", "test"), "hello", "world", again, "hello");

    assertThat(counts.embedded).isEqualTo(counts.tokenized).isEqualTo(2);
    assertThat(counts.repeated).isEqualTo(2);
    Set<Object> arrays = new HashSet<>();
    for (Embedding embedding : List.of(found.get(0), found.get(2), found.get(3))) {
      assertThat(embedding).usingRecursiveComparison().isEqualTo(found.get(0));
      // Arrays are equal only to themselves.
      assertThat(arrays.add(embedding.vectors())).isTrue();
      assertThat(arrays.add(embedding.vector())).isTrue();
      assertThat(arrays.add(embedding.tokenStates()[0])).isTrue();
    }
    assertThat(found.get(1).vector()).isNotEqualTo(found.get(0).vector());
  }

  /** While a buffer is read out, whoever has a vector may change it. */
  @Test
  void changingOneChangesNoOther() throws IOException {
    TinyModels.graph().hiddenSize(4).writeDirectory(directory);
    try (Embedder embedder = Embedder.open(EmbedderConfig.of(directory.toString()))) {
      float[] wanted = embedder.embed(List.of("hello"))[0];
      EmbeddingStream<String, Embedding> stream =
          new EmbeddingStream<>(
              embedder,
              List.of("hello", "hello", "hello").iterator(),
              text -> text,
              (text, embedding) -> embedding,
              counts);
      for (int i = 0; i < 3; i++) {
        float[] vector = stream.next().vector();
        assertThat(vector).containsExactly(wanted);
        Arrays.fill(vector, 99);
      }
    }
  }

  @Test
  void textsWithoutAVectorSaveNothing() throws IOException {
    List<Embedding> found = embed(b -> b, null, " ", "x", null, " ", "");
    assertThat(found.stream().map(Embedding::status))
        .containsExactly(
            Status.NULL_TEXT,
            Status.BLANK_TEXT,
            Status.OK,
            Status.NULL_TEXT,
            Status.BLANK_TEXT,
            Status.BLANK_TEXT);
    assertThat(counts.repeated).isZero();
    assertThat(found.get(1).tokenCount()).isEqualTo(found.get(4).tokenCount()).isEqualTo(2);
  }

  @Test
  void oneThatFailsFailsForAll() throws IOException {
    List<List<Embedding>> found =
        embed(
            TinyModels.graph().hiddenSize(4).failingFromId(2000),
            b -> b.set(Setting.ON_ROW_ERROR, "null", "test"),
            List.of(List.of("hello", "a"), List.of("a", "hello"), List.of("hello")));
    assertThat(found.stream().flatMap(List::stream).map(Embedding::status))
        .containsExactly(Status.FAILED, Status.OK, Status.OK, Status.FAILED, Status.FAILED);
    assertThat(found.get(2).get(0).statusText()).isEqualTo(found.get(0).get(0).statusText());
  }

  /** Buffers of any size, repeats within and across them, several texts a row. */
  @Test
  void everyTextKeepsItsVector() throws IOException {
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      List<String> texts = new ArrayList<>();
      for (int t = 0; t < i % 4; t++) {
        texts.add((i + t) % 13 == 5 ? null : "text " + i * (t + 1) % 17);
      }
      rows.add(texts);
    }
    long texts = rows.stream().flatMap(List::stream).filter(t -> t != null).count();
    Map<String, float[]> wanted = new TreeMap<>();
    for (String size : List.of("1", "3", "16", "2048")) {
      int before = counts.embedded + counts.repeated;
      List<List<Embedding>> found =
          embed(
              TinyModels.graph().hiddenSize(4),
              b -> b.set(Setting.BUFFER_ROWS, size, "test"),
              rows);
      assertThat(counts.embedded + counts.repeated - before).isEqualTo((int) texts);
      for (int i = 0; i < rows.size(); i++) {
        assertThat(found.get(i)).hasSameSizeAs(rows.get(i));
        for (int t = 0; t < found.get(i).size(); t++) {
          String text = rows.get(i).get(t);
          float[] vector = found.get(i).get(t).vector();
          if (text == null) {
            assertThat(vector).isNull();
          } else {
            float[] first = wanted.putIfAbsent(text, vector);
            assertThat(vector).containsExactly(first == null ? vector : first);
          }
        }
      }
    }
    assertThat(wanted).hasSize(17);
    assertThat(counts.repeated).isPositive();
  }
}
