package io.embark.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/** What was measured of one thing in several repeats. */
record Repeats(double[] values) {
  double median() {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  double least() {
    return Arrays.stream(values).min().orElseThrow();
  }

  double most() {
    return Arrays.stream(values).max().orElseThrow();
  }

  static double seconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  /** The same share of the texts for each of so many threads. */
  static void parallel(List<String> texts, int threads, Consumer<List<String>> work) {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<CompletableFuture<Void>> parts = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        List<String> part =
            texts.subList(texts.size() * t / threads, texts.size() * (t + 1) / threads);
        parts.add(CompletableFuture.runAsync(() -> work.accept(part), pool));
      }
      parts.forEach(CompletableFuture::join);
    } finally {
      pool.shutdownNow();
    }
  }
}
