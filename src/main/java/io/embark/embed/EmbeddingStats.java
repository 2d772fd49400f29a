package io.embark.embed;

import io.embark.batch.Batch;

/** Told of the work as it is done. Called by one thread at a time. */
public interface EmbeddingStats {
  /** Forgets everything. */
  EmbeddingStats NOBODY =
      new EmbeddingStats() {
        @Override
        public void tokenized(int texts, long nanos) {}

        @Override
        public void batch(Batch batch, long nanos) {}
      };

  /** So many texts were tokenised in so many nanoseconds. */
  void tokenized(int texts, long nanos);

  /** A batch went through the model and was pooled. */
  void batch(Batch batch, long nanos);

  /** A batch did not fit into memory and was halved. */
  default void halved() {}

  /** The model failed on so many texts, which get a status instead of a vector. */
  default void failed(int texts) {}
}
