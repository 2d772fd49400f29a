package io.embark.spark.metrics;

import io.embark.batch.Batch;
import io.embark.embed.EmbeddingStats;

/** Statistics of embedding that are sums: each report becomes additions to {@link Counter}s. */
public abstract class CountingStats implements EmbeddingStats {

  /** Quantities counted of each task that embeds. */
  public enum Counter {
    /** Items read: rows, or chunks where texts are cut into chunks. */
    ROWS,
    TEXTS,
    /** Rows read that have no text for the model: null, blank, or equal to one that it gets. */
    WITHOUT_MODEL,
    /** Texts that equal another of their buffer, whose vector they got. */
    REPEATED,
    FAILED,
    /** Tokens that the model saw, padding not counted. */
    TOKENS,
    /** The same with padding. */
    PADDED_TOKENS,
    BATCHES,
    /** Batches that did not fit into memory and were halved. */
    HALVINGS,
    READ_NANOS,
    TOKENIZE_NANOS,
    /** The task had nothing to do but wait for the model. */
    WAIT_NANOS,
    /** In the model and pooling, by a thread beside the task's. */
    MODEL_NANOS,
    /** From when the task began to when it ended. */
    TASK_NANOS,
    /** Tasks that embedded anything. */
    TASKS,
    /** Tasks on a CPU because device is auto and no GPU was found. */
    CPU_FOR_WANT_OF_GPU;

    static final int COUNT = values().length;
  }

  /** Rows of the buffer that is being tokenised. */
  private int buffered;

  protected abstract void add(Counter counter, long value);

  @Override
  public void read(int rows, long nanos) {
    buffered = rows;
    add(Counter.ROWS, rows);
    add(Counter.READ_NANOS, nanos);
  }

  @Override
  public void waited(long nanos) {
    add(Counter.WAIT_NANOS, nanos);
  }

  @Override
  public void tokenized(int texts, long nanos) {
    add(Counter.WITHOUT_MODEL, Math.max(0, buffered - texts));
    add(Counter.TOKENIZE_NANOS, nanos);
  }

  @Override
  public void repeated(int texts) {
    add(Counter.REPEATED, texts);
  }

  @Override
  public void batch(Batch batch, long nanos) {
    add(Counter.BATCHES, 1);
    add(Counter.TEXTS, batch.size());
    add(Counter.TOKENS, batch.tokens());
    add(Counter.PADDED_TOKENS, batch.paddedTokens());
    add(Counter.MODEL_NANOS, nanos);
  }

  @Override
  public void halved() {
    add(Counter.HALVINGS, 1);
  }

  @Override
  public void failed(int texts) {
    add(Counter.FAILED, texts);
  }

  @Override
  public void noGpuFound() {
    add(Counter.CPU_FOR_WANT_OF_GPU, 1);
  }
}
