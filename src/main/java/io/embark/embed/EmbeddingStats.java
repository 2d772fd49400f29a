package io.embark.embed;

import io.embark.batch.Batch;

/**
 * A listener to the work of a stream, a buffer or a batch at a time. {@link #batch}, {@link
 * #halved} and {@link #failed} are called by the threads that run batches, one after the other, the
 * rest by the thread that reads the stream; all is in order by the time the stream hands rows on.
 */
public interface EmbeddingStats {
  /** Forgets everything. */
  EmbeddingStats NOBODY = new EmbeddingStats() {};

  /** A buffer of rows was read, which took whatever stands before the stream so long. */
  default void read(int rows, long nanos) {}

  /** So many texts, those that go to the model and each once, were tokenised. */
  default void tokenized(int texts, long nanos) {}

  /** So many texts equal another of the same buffer and get a copy of its vector. */
  default void repeated(int texts) {}

  /** The reading thread had nothing to do but wait for the model. */
  default void waited(long nanos) {}

  /** A batch went through the model and was pooled. */
  default void batch(Batch batch, long nanos) {}

  /** A batch did not fit into memory and was halved. */
  default void halved() {}

  /** It runs on a CPU because the device is auto and no GPU was found. */
  default void noGpuFound() {}

  /** The model failed on so many texts, which get a status instead of a vector. */
  default void failed(int texts) {}
}
