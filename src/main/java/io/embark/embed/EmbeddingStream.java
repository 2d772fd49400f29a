package io.embark.embed;

import io.embark.onnx.Device;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Embeds a stream of any length in constant memory: reads ahead into bounded buffers, embeds them,
 * hands their items on in the order they came, each exactly once with a vector or the reason why it
 * has none. Equal texts of a buffer are embedded once, and no two share an array.
 *
 * <p>The thread that uses the stream reads, tokenises and hands on; the model runs on a thread of
 * the stream's own, on a CPU also on cores that no other stream uses ({@link Cores}). At most
 * {@link Setting#PREFETCH} + 1 buffers exist at a time. That thread ends with the last item, on any
 * failure, and on {@link #close}, which whoever may stop early has to call. Interrupting the using
 * thread stops the stream.
 *
 * @param <T> what comes in, a row that holds texts
 * @param <R> what goes out
 */
public final class EmbeddingStream<T, R> implements Iterator<R>, AutoCloseable {
  /** Interval at which a thread that waits for the model checks whether it is to stop. */
  private static final int LOOK_UP_MILLIS = 100;

  private final Embedder embedder;
  private final Iterator<T> items;
  private final Function<T, List<String>> textsOf;
  private final BiFunction<T, List<Embedding>, R> result;
  private final EmbeddingStats stats;
  private final int prefetch;
  private final int bufferRows;
  private final long bufferChars;

  /** Buffers at the model, oldest first; at most prefetch + 1. */
  private final Deque<AtModel<T>> atModel = new ArrayDeque<>();

  private BooleanSupplier stopped = () -> false;
  private RowBuffer<T> ready;
  private BatchThread batches;
  private boolean finished;

  /** The failure that ended the stream, or null. */
  private Throwable failure;

  private record AtModel<T>(RowBuffer<T> buffer, Future<Embedding[]> embeddings) {}

  /** A stream of items with one text each, which may be null. */
  public EmbeddingStream(
      Embedder embedder,
      Iterator<T> items,
      Function<T, String> textOf,
      BiFunction<T, Embedding, R> result,
      EmbeddingStats stats) {
    this(
        stats,
        embedder,
        items,
        item -> Collections.singletonList(textOf.apply(item)),
        (item, embeddings) -> result.apply(item, embeddings.get(0)));
  }

  private EmbeddingStream(
      EmbeddingStats stats,
      Embedder embedder,
      Iterator<T> items,
      Function<T, List<String>> textsOf,
      BiFunction<T, List<Embedding>, R> result) {
    this.embedder = embedder;
    this.items = items;
    this.textsOf = textsOf;
    this.result = result;
    this.stats = stats;
    if (embedder.config().get(Setting.DEVICE) == Device.AUTO && !embedder.device().isGpu()) {
      stats.noGpuFound();
    }
    EmbedderConfig config = embedder.config();
    this.prefetch = prefetch(embedder);
    // Token states are bounded for a task as a whole.
    int rows = config.get(Setting.BUFFER_ROWS);
    this.bufferRows = config.get(Setting.TOKEN_STATES) ? Math.max(1, rows / (prefetch + 1)) : rows;
    this.bufferChars = config.get(Setting.BUFFER_CHARS);
  }

  /**
   * A stream of items with any number of texts each, nulls among them; they share batches.
   *
   * @param result joins an item and its embeddings, one per text and in their order; it may keep
   *     the list
   */
  public static <T, R> EmbeddingStream<T, R> ofSeveralTexts(
      Embedder embedder,
      Iterator<T> items,
      Function<T, List<String>> textsOf,
      BiFunction<T, List<Embedding>, R> result,
      EmbeddingStats stats) {
    return new EmbeddingStream<>(stats, embedder, items, textsOf, result);
  }

  /** On a CPU the model itself has use for every core; a GPU must not wait for one. */
  private static int prefetch(Embedder embedder) {
    return embedder.config().get(Setting.PREFETCH).orElse(embedder.device().isGpu() ? 2 : 0);
  }

  /**
   * Lets somebody else stop the stream, which then fails with {@link CancellationException}: asked
   * by the using thread between texts, and while it waits ten times a second.
   */
  public EmbeddingStream<T, R> stopWhen(BooleanSupplier stop) {
    stopped = stop;
    return this;
  }

  /**
   * Whether there is another item; waits for the model if need be.
   *
   * @throws CancellationException if the thread is interrupted, or told to stop
   * @throws RuntimeException what the model or the source of items threw, now and every time after
   */
  @Override
  public boolean hasNext() {
    if (ready != null && ready.hasNext()) {
      return true;
    }
    if (finished) {
      return false;
    }
    if (failure != null) {
      // Never "no more items": those that are missing would not be missed.
      throw new IllegalStateException("This stream has stopped: " + failure.getMessage(), failure);
    }
    try {
      ready = nextBuffer();
    } catch (RuntimeException | Error e) {
      failure = e;
      close();
      throw e;
    }
    if (ready == null) {
      finished = true;
      close();
    }
    return !finished;
  }

  @Override
  public R next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.next(result);
  }

  private RowBuffer<T> nextBuffer() {
    ready = null;
    while (atModel.size() <= prefetch && items.hasNext()) {
      RowBuffer<T> buffer = read();
      if (batches == null) {
        batches = new BatchThread(embedder.pipeline(), stats, prefetch + 1);
      }
      atModel.add(new AtModel<>(buffer, batches.submit(buffer.tokens())));
    }
    if (atModel.isEmpty()) {
      return null;
    }
    // Not yet taken out: what is waited for counts.
    Embedding[] embeddings = await(atModel.element().embeddings());
    RowBuffer<T> buffer = atModel.remove().buffer();
    buffer.put(embeddings);
    return buffer;
  }

  private RowBuffer<T> read() {
    long start = System.nanoTime();
    RowBuffer<T> buffer = RowBuffer.read(items, textsOf, bufferRows, bufferChars);
    long read = System.nanoTime();
    buffer.tokenize(embedder.pipeline().tokenizer(), this::requireRunning);
    stats.read(buffer.size(), read - start);
    stats.tokenized(buffer.tokens().size(), System.nanoTime() - read);
    if (buffer.repeated() > 0) {
      stats.repeated(buffer.repeated());
    }
    return buffer;
  }

  private Embedding[] await(Future<Embedding[]> embeddings) {
    long start = System.nanoTime();
    try {
      while (true) {
        try {
          return embeddings.get(LOOK_UP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          requireRunning();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    } catch (ExecutionException e) {
      // As it was thrown, so that it can be caught as if there were no other thread.
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } finally {
      stats.waited(System.nanoTime() - start);
    }
  }

  private void requireRunning() {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted();
    }
    if (stopped.getAsBoolean()) {
      throw new CancellationException("Embedding was told to stop.");
    }
  }

  private static CancellationException interrupted() {
    return new CancellationException("Embedding was interrupted.");
  }

  /** Stops the model, within a batch if it has to; does nothing the second time. */
  @Override
  public void close() {
    ready = null;
    atModel.clear();
    if (failure == null) {
      failure = new IllegalStateException("it was closed before its end.");
    }
    if (batches != null) {
      batches.close();
    }
  }
}
