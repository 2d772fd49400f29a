package io.embark.embed;

import io.embark.batch.Batch;
import io.embark.onnx.Cancellation;
import io.embark.token.Tokens;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that takes one stream's batches through the model, buffer by buffer, while the
 * stream's own thread reads, tokenises and writes. On a CPU batches go to other cores too, as long
 * as these are free.
 */
final class BatchThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchThread.class);

  /** For a batch to end that cannot be stopped. */
  private static final int PATIENCE_SECONDS = 30;

  private final EmbeddingPipeline pipeline;
  private final EmbeddingStats stats;
  private final ThreadPoolExecutor executor;
  private final String name = "embark-batches of " + Thread.currentThread().getName();
  private final Cancellation cancellation = new Cancellation();
  private final Optional<Cores> cores;
  private Thread thread;

  BatchThread(EmbeddingPipeline pipeline, EmbeddingStats stats, int buffers) {
    this.pipeline = pipeline;
    this.stats = new StatsInTurn(stats);
    cores = pipeline.cores();
    cores.ifPresent(Cores::take);
    executor =
        new ThreadPoolExecutor(
            1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(buffers), this::newThread);
  }

  private Thread newThread(Runnable work) {
    thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Passes on what threads tell that run the batches of one stream, one after the other. */
  private record StatsInTurn(EmbeddingStats stats) implements EmbeddingStats {
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
  }

  /** Hands over tokenised texts; their vectors come in the order of the texts. */
  Future<Embedding[]> submit(List<Tokens> texts) {
    return executor.submit(() -> pipeline.embed(texts, stats, cancellation));
  }

  /** Stops what is running and returns when the thread has ended, interrupted or not. */
  @Override
  public void close() {
    cancellation.cancel();
    if (!executor.isShutdown()) {
      cores.ifPresent(Cores::giveBack);
    }
    executor.shutdownNow();
    if (thread == null) {
      return;
    }
    boolean interrupted = false;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    for (long left = PATIENCE_SECONDS * 1000L; left > 0 && thread.isAlive(); ) {
      try {
        // Until the thread is gone: the executor calls itself terminated a moment before.
        thread.join(left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    }
    if (thread.isAlive()) {
      LOG.warn("A batch is still running {} s after it was told to stop.", PATIENCE_SECONDS);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
