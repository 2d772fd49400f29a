package io.embark.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.embed.Embedder;
import io.embark.embed.Embedding;
import io.embark.embed.EmbeddingStats;
import io.embark.embed.EmbeddingStream;
import java.util.ArrayList;
import java.util.List;

/** Texts through an {@link EmbeddingStream}, as a task puts them through. */
public final class Embeddings {
  private Embeddings() {}

  public static List<Embedding> of(Embedder embedder, List<String> texts) {
    return of(embedder, texts, EmbeddingStats.NOBODY);
  }

  /** One embedding a text, in the order of the texts. */
  public static List<Embedding> of(Embedder embedder, List<String> texts, EmbeddingStats stats) {
    List<Embedding> found = new ArrayList<>();
    new EmbeddingStream<>(embedder, texts.iterator(), text -> text, (text, e) -> e, stats)
        .forEachRemaining(found::add);
    assertThat(found).hasSameSizeAs(texts);
    return found;
  }
}
