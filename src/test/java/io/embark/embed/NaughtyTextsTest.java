package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.testing.Embeddings;
import io.embark.testing.Naughty;
import io.embark.text.Chunk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every hostile text through the real model: embedded, or with a reason why not. */
@Timeout(300)
class NaughtyTextsTest {
  private static final float ALONE_TOLERANCE = 1e-5f;

  private static Embedder open() throws IOException {
    return Embedder.open(
        EmbedderConfig.of("builtin:all-MiniLM-L6-v2").toBuilder().maxLength(64).build());
  }

  @Test
  void thereAreEnoughOfThem() {
    assertThat(Naughty.strings()).hasSize(515);
    assertThat(Naughty.scripts()).hasSizeGreaterThan(150);
  }

  @Test
  void eachHasAVectorOrAReasonTheSameEveryTimeAndAlone() throws IOException {
    List<String> texts = Naughty.all();
    try (Embedder embedder = open()) {
      List<Embedding> once = Embeddings.of(embedder, texts);
      List<Embedding> twice = Embeddings.of(embedder, texts);
      assertThat(twice).usingRecursiveComparison().isEqualTo(once);
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < texts.size(); i++) {
        order.add(i);
      }
      Collections.shuffle(order, new Random(5));
      List<Embedding> shuffled = Embeddings.of(embedder, order.stream().map(texts::get).toList());
      for (int i = 0; i < order.size(); i++) {
        assertAlike(once.get(order.get(i)), shuffled.get(i), texts.get(order.get(i)));
      }
      for (int i = 0; i < texts.size(); i += 7) {
        Embedding alone = Embeddings.of(embedder, List.of(texts.get(i))).get(0);
        assertAlike(once.get(i), alone, texts.get(i));
      }
    }
  }

  private static void assertAlike(Embedding one, Embedding other, String text) {
    assertThat(other.status()).as(text).isEqualTo(one.status());
    assertThat(other.tokenCount()).as(text).isEqualTo(one.tokenCount());
    if (one.status() != Status.OK) {
      assertThat(one.vectors()).as(text).isNull();
      return;
    }
    assertThat(other.vector()).as(text).containsExactly(one.vector(), within(ALONE_TOLERANCE));
    for (float value : one.vector()) {
      assertThat(value).as(text).isFinite();
    }
  }

  @Test
  void eachIsCutIntoChunksThatAreNotCutAgain() throws IOException {
    List<String> texts = new ArrayList<>(Naughty.all());
    texts.add(String.join("\n", Naughty.all().subList(0, 700)));
    try (Embedder embedder = open()) {
      for (String text : texts) {
        List<String> chunks = new ArrayList<>();
        int end = 0;
        for (Iterator<Chunk> all = embedder.chunker(24, 3).chunks(text); all.hasNext(); ) {
          Chunk chunk = all.next();
          assertThat(chunk.text()).isEqualTo(text.substring(chunk.start(), chunk.end()));
          chunks.add(chunk.text());
          end = chunk.end();
        }
        assertThat(text.substring(end)).isBlank();
        if (chunks.size() > 20) {
          chunks = chunks.subList(0, 20);
        }
        for (Embedding embedding : Embeddings.of(embedder, chunks)) {
          assertThat(embedding.tokensUsed()).isLessThanOrEqualTo(24);
          assertThat(embedding.truncated()).isFalse();
        }
      }
    }
  }
}
