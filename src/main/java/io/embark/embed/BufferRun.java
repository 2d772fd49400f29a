package io.embark.embed;

import io.embark.batch.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The batches of one buffer on their way through the model: on the thread that asks, and on others
 * as long as {@link Cores} are free, which changes nothing about vectors. When it is over, no
 * thread is at it any more.
 */
final class BufferRun {
  /** Threads come and go with the cores that are free; an idle one is gone after a second. */
  private static final ExecutorService HELPERS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          1,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          work -> {
            Thread thread = new Thread(work, "embark-core");
            thread.setDaemon(true);
            return thread;
          });

  private static final Logger LOG = LoggerFactory.getLogger(BufferRun.class);

  private final List<Batch> batches;
  private final Consumer<Batch> model;
  private final Cores cores;
  private final ExecutorService threads;

  /** The next batch that nobody has begun. */
  private final AtomicInteger next = new AtomicInteger();

  private final List<Future<?>> helpers = new ArrayList<>();
  private boolean noThreads;

  private BufferRun(
      List<Batch> batches, Consumer<Batch> model, Cores cores, ExecutorService threads) {
    this.batches = batches;
    this.model = model;
    this.cores = cores;
    this.threads = threads;
  }

  /**
   * Runs all batches, and returns when they are done; throws what the model threw first.
   *
   * @param model safe for use by several threads
   * @param cores of which the calling thread has one
   */
  static void all(List<Batch> batches, Consumer<Batch> model, Cores cores) {
    all(batches, model, cores, HELPERS);
  }

  static void all(
      List<Batch> batches, Consumer<Batch> model, Cores cores, ExecutorService threads) {
    new BufferRun(batches, model, cores, threads).run();
  }

  private void run() {
    Throwable failure = null;
    try {
      for (int i = next.getAndIncrement(); i < batches.size(); i = next.getAndIncrement()) {
        // Asked before each batch: a core may have become free.
        boolean more = !noThreads;
        while (more
            && next.get() < batches.size()
            && helpers.size() < batches.size()
            && cores.borrow()) {
          more = startHelper();
        }
        model.accept(batches.get(i));
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    next.set(batches.size());
    failure = join(failure);
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw (RuntimeException) failure;
    }
  }

  /** Uses a core that was lent; false if no thread can be started, and this one goes on alone. */
  private boolean startHelper() {
    try {
      helpers.add(threads.submit(this::help));
      return true;
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // A container's limit of processes, which Java reports as memory.
      cores.giveBack();
      noThreads = true;
      LOG.warn("A core is idle, but no thread can be started to use it: {}", e.toString());
      return false;
    } catch (RuntimeException | Error e) {
      cores.giveBack();
      throw e;
    }
  }

  /** Runs batches until there are none, or a stream wants the core. */
  private void help() {
    boolean borrowed = true;
    try {
      while (next.get() < batches.size()) {
        if (cores.giveBackIfWanted()) {
          borrowed = false;
          return;
        }
        int i = next.getAndIncrement();
        if (i < batches.size()) {
          model.accept(batches.get(i));
        }
      }
    } catch (RuntimeException | Error e) {
      // The call has failed: the other threads begin no further batches.
      next.set(batches.size());
      throw e;
    } finally {
      if (borrowed) {
        cores.giveBack();
      }
    }
  }

  /** Waits for the helpers; an interrupt does not hurry them, but is kept. */
  private Throwable join(Throwable failure) {
    Throwable first = failure;
    boolean interrupted = false;
    for (Future<?> helper : helpers) {
      while (true) {
        try {
          helper.get();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          if (first == null) {
            first = e.getCause();
          }
          break;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return first;
  }
}
