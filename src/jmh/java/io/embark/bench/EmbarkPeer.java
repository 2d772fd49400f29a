package io.embark.bench;

import io.embark.peers.Passes;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.OutputType;
import java.util.Map;

/** Embark in the same manner as its peers. */
public final class EmbarkPeer {
  private EmbarkPeer() {}

  /**
   * @param args those of {@link Passes}, and the precision
   */
  public static void main(String[] args) {
    TextEmbedder embedder =
        new TextEmbedder()
            .setInputCol("text")
            .setOutputCol("vector")
            .setOutputType(OutputType.FLOAT.label())
            .setDevice("cpu")
            .setPrecision(args[3]);
    Passes.run(args, Map.of(), spark -> texts -> embedder.transform(texts).select("id", "vector"));
  }
}
