package io.embark.embed;

import io.embark.pooling.Norm;

/**
 * The vector of a document out of those of its chunks: their mean, weighted by tokens,
 *
 * <pre>d = sum(n_i * v_i) / sum(n_i)</pre>
 *
 * where {@code v_i} is the vector of chunk i as the model gives it and {@code n_i} its number of
 * text tokens, without special ones and the prompt's; normalised where vectors are. As in the
 * OpenAI Cookbook, "Embedding texts that are longer than the model's maximum context length".
 *
 * <p>Chunks without a vector have no weight; of a single one that has one the document gets that
 * very vector, bit by bit. Special tokens, prompts and overlaps count as often as the model sees
 * them. A chunk that failed fails the document.
 */
final class MergedChunks {
  private final Norm norm;

  /** Tokens of each chunk that are not its text. */
  private final int overhead;

  /** The first chunk whose status the document has: one that failed, else one that has a vector. */
  private Embedding telling;

  private int vectors;
  private double[][] sums;
  private double weights;
  private int tokenCount;
  private int tokensUsed;
  private double unknownTokens;
  private long textTokens;

  MergedChunks(Norm norm, int overhead) {
    this.norm = norm;
    this.overhead = overhead;
  }

  void add(Embedding chunk) {
    tokenCount = Math.addExact(tokenCount, chunk.tokenCount());
    tokensUsed = Math.addExact(tokensUsed, chunk.tokensUsed());
    int own = Math.max(0, chunk.tokensUsed() - overhead);
    textTokens += own;
    unknownTokens += own * chunk.unknownTokenRatio();
    if (telling == null || rank(chunk) > rank(telling)) {
      telling = chunk;
    }
    if (chunk.status() == Status.OK) {
      addVectors(chunk.vectors(), Math.max(1, chunk.tokensUsed() - overhead));
    }
  }

  private static int rank(Embedding chunk) {
    return switch (chunk.status()) {
      case NULL_TEXT, BLANK_TEXT -> 0;
      case OK -> 1;
      case FAILED -> 2;
    };
  }

  private void addVectors(float[][] added, double weight) {
    if (sums == null) {
      sums = new double[added.length][];
      for (int v = 0; v < added.length; v++) {
        sums[v] = new double[added[v].length];
      }
    }
    vectors++;
    weights += weight;
    for (int v = 0; v < added.length; v++) {
      for (int i = 0; i < added[v].length; i++) {
        sums[v][i] += weight * added[v][i];
      }
    }
  }

  /** The document's embedding, of at least one chunk. */
  Embedding result() {
    float[][] merged = telling.status() == Status.OK && vectors > 1 ? means() : telling.vectors();
    double unknown = textTokens == 0 ? 0 : unknownTokens / textTokens;
    return new Embedding(
        merged, null, tokenCount, tokensUsed, unknown, telling.status(), telling.failure());
  }

  private float[][] means() {
    float[][] means = new float[sums.length][];
    for (int v = 0; v < sums.length; v++) {
      means[v] = new float[sums[v].length];
      for (int i = 0; i < means[v].length; i++) {
        means[v][i] = (float) (sums[v][i] / weights);
      }
      norm.apply(means[v]);
    }
    return means;
  }
}
