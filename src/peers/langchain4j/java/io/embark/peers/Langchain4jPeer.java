package io.embark.peers;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.allminilml6v2.AllMiniLmL6V2EmbeddingModel;
import java.util.Map;

/**
 * langchain4j's in-process embedding, which runs one text at a time; a call with several gives each
 * thread of its pool one.
 */
public final class Langchain4jPeer {
  private static AllMiniLmL6V2EmbeddingModel model;

  private Langchain4jPeer() {}

  /**
   * @param args those of {@link Passes}, and texts a call
   */
  public static void main(String[] args) {
    Passes.run(
        args,
        Map.of(),
        spark ->
            RowBatches.of(
                Integer.parseInt(args[3]),
                () ->
                    texts ->
                        model()
                            .embedAll(texts.stream().map(TextSegment::from).toList())
                            .content()
                            .stream()
                            .map(Embedding::vector)
                            .toList()));
  }

  private static synchronized AllMiniLmL6V2EmbeddingModel model() {
    if (model == null) {
      model = new AllMiniLmL6V2EmbeddingModel();
    }
    return model;
  }
}
