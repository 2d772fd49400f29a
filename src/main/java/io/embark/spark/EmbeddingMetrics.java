package io.embark.spark;

import io.embark.batch.Batch;
import io.embark.embed.EmbeddingStats;
import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * Where the time and the tokens of a job went, summed over its tasks. Spark counts a task that was
 * run twice twice, so these are for judging speed, not for counting rows.
 */
public final class EmbeddingMetrics implements EmbeddingStats, Serializable {
  private static final long serialVersionUID = 1;

  private final LongAccumulator texts;
  private final LongAccumulator tokens;
  private final LongAccumulator paddedTokens;
  private final LongAccumulator tokenizeNanos;
  private final LongAccumulator modelNanos;
  private final LongAccumulator halvings;

  EmbeddingMetrics(SparkContext context) {
    texts = context.longAccumulator("embark texts");
    tokens = context.longAccumulator("embark tokens");
    paddedTokens = context.longAccumulator("embark padded tokens");
    tokenizeNanos = context.longAccumulator("embark tokenize ns");
    modelNanos = context.longAccumulator("embark model ns");
    halvings = context.longAccumulator("embark batches halved for memory");
  }

  @Override
  public void tokenized(int count, long nanos) {
    tokenizeNanos.add(nanos);
  }

  @Override
  public void batch(Batch batch, long nanos) {
    texts.add(batch.size());
    tokens.add(batch.tokens());
    paddedTokens.add(batch.paddedTokens());
    modelNanos.add(nanos);
  }

  @Override
  public void halved() {
    halvings.add(1);
  }

  /** Batches that did not fit into memory and were halved. */
  public long halvings() {
    return halvings.value();
  }

  /** Texts that went to the model. */
  public long texts() {
    return texts.value();
  }

  /** Tokens that the model saw, padding not counted. */
  public long tokens() {
    return tokens.value();
  }

  /** The share of padding in all positions computed, 0 to 1. */
  public double padding() {
    return paddedTokens.value() == 0 ? 0 : 1 - (double) tokens.value() / paddedTokens.value();
  }

  /** Task seconds spent on tokenising (and on reading the input, which happens between). */
  public double tokenizeSeconds() {
    return tokenizeNanos.value() / 1e9;
  }

  /** Task seconds spent in the model and on pooling. */
  public double modelSeconds() {
    return modelNanos.value() / 1e9;
  }
}
