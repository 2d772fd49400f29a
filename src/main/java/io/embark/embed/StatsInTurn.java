package io.embark.embed;

import io.embark.batch.Batch;

/** Hands on what threads tell that run the batches of one stream, one after the other. */
record StatsInTurn(EmbeddingStats stats) implements EmbeddingStats {
  @Override
  public synchronized void batch(Batch batch, long nanos) {
    stats.batch(batch, nanos);
  }

  @Override
  public synchronized void halved() {
    stats.halved();
  }

  @Override
  public synchronized void failed(int texts) {
    stats.failed(texts);
  }

  @Override
  public void tokenized(int texts, long nanos) {
    stats.tokenized(texts, nanos);
  }
}
