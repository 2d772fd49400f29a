package io.embark.analysis.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Jobs of Spark that do not depend on each other, started from several threads. */
final class Concurrent {
  private Concurrent() {}

  /**
   * Does all of the work, some of it at the same time.
   *
   * @return what came of it, in the order of the work
   */
  static <T> List<T> all(int threads, List<? extends Callable<T>> work) {
    ExecutorService pool = Executors.newFixedThreadPool(Math.min(threads, work.size()));
    try {
      List<Future<T>> running = new ArrayList<>();
      work.forEach(one -> running.add(pool.submit(one)));
      List<T> found = new ArrayList<>();
      for (Future<T> done : running) {
        found.add(done.get());
      }
      return found;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while measuring.", e);
    } finally {
      pool.shutdownNow();
    }
  }
}
