package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.batch.Batch;
import io.embark.onnx.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmbeddingStreamSeveralTextsTest {
  private static Embedder open(int bufferRows) throws Exception {
    return Embedder.open(
        EmbedderConfig.builder()
            .device(Device.CPU)
            .set(Setting.BUFFER_ROWS, Integer.toString(bufferRows), "test")
            .build());
  }

  private record Out(List<String> texts, List<Embedding> embeddings) {}

  @Test
  void itemsWithAnyNumberOfTextsKeepTheirOwn() throws Exception {
    List<List<String>> items =
        List.of(
            List.of("one text"),
            List.of(),
            Arrays.asList("a card", null, "a much longer text about a card that was lost"),
            List.of(" ", "last"),
            List.of());
    for (int bufferRows : new int[] {1, 2, 100}) {
      try (Embedder embedder = open(bufferRows)) {
        List<Out> out = new ArrayList<>();
        EmbeddingStream.ofSeveralTexts(
                embedder, items.iterator(), texts -> texts, Out::new, EmbeddingStats.NOBODY)
            .forEachRemaining(out::add);
        assertThat(out).extracting(Out::texts).isEqualTo(items);
        for (Out item : out) {
          assertThat(item.embeddings()).hasSameSizeAs(item.texts());
          for (int i = 0; i < item.texts().size(); i++) {
            String text = item.texts().get(i);
            Embedding embedding = item.embeddings().get(i);
            Status wanted =
                text == null ? Status.NULL_TEXT : text.isBlank() ? Status.BLANK_TEXT : Status.OK;
            assertThat(embedding.status()).as(text).isEqualTo(wanted);
            if (wanted == Status.OK) {
              assertThat(embedding.vector())
                  .as(text)
                  .containsExactly(embedder.embed(List.of(text))[0], within(1e-5f));
            }
          }
        }
      }
    }
  }

  @Test
  void textsOfSeveralItemsShareABatch() throws Exception {
    int[] batches = new int[1];
    EmbeddingStats counting =
        new EmbeddingStats() {
          @Override
          public void tokenized(int texts, long nanos) {}

          @Override
          public void batch(Batch batch, long nanos) {
            batches[0]++;
          }
        };
    try (Embedder embedder = open(100)) {
      EmbeddingStream.ofSeveralTexts(
              embedder,
              List.of(1, 2, 3).iterator(),
              item -> List.of("text " + item, "text " + (item + 1)),
              (item, embeddings) -> embeddings,
              counting)
          .forEachRemaining(embeddings -> assertThat(embeddings).hasSize(2));
    }
    assertThat(batches[0]).isEqualTo(1);
  }
}
