package io.embark.cli.doctor;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.spark.executor.ExecutorEmbedders;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A session opened as a task opens it, to check its vectors and measure its speed.
 *
 * @param loadMillis from asking for the session to having it
 */
record SessionProbe(Embedder embedder, boolean budgetGiven, int threads, long loadMillis) {
  private static final int[] LENGTHS = {16, 128, 512};
  private static final int[] CPU_BUDGETS = {512, 1_024, 2_048, 4_096};
  private static final int[] GPU_BUDGETS = {4_096, 16_384, 32_768, 65_536};
  private static final int BUDGETS_MEASURED_AT = 128;
  private static final int REPEATS = 3;
  private static final long ENOUGH_NANOS = 2_000_000_000L;

  /** A larger budget must be worth the memory it takes. */
  private static final double WORTH_MORE_MEMORY = 1.05;

  /**
   * @param length tokens of each text
   * @param tokensPerSecond of all threads together, without padding
   */
  record Speed(int length, double tokensPerSecond) implements Serializable {}

  /**
   * @param budget the best token budget, in tokens
   * @param speeds with that budget, shortest texts first
   */
  record Speeds(int budget, List<Speed> speeds) implements Serializable {}

  /**
   * Opens the session of the running task's device, which {@code threads} tasks share in a job. It
   * stays open until the task ends.
   */
  static SessionProbe open(EmbedderConfig config, int threads) {
    boolean given = config.get(Setting.TOKEN_BUDGET) > 0;
    // Only the most that a batch may hold; batches are made smaller here to find the best.
    EmbedderConfig wide =
        given
            ? config
            : config.toBuilder().tokenBudget(GPU_BUDGETS[GPU_BUDGETS.length - 1]).build();
    long start = System.nanoTime();
    Embedder embedder = ExecutorEmbedders.get(wide);
    return new SessionProbe(
        embedder, given, Math.max(1, threads), (System.nanoTime() - start) / 1_000_000);
  }

  /** Measures some seconds long: every thread embeds batches of texts of one length. */
  Speeds measure() throws InterruptedException {
    int[] budgets =
        budgetGiven
            ? new int[] {embedder.tokenBudget()}
            : embedder.device().isGpu() ? GPU_BUDGETS : CPU_BUDGETS;
    int best = budgets[0];
    double fastest = 0;
    for (int budget : budgets.length == 1 ? new int[0] : budgets) {
      double speed;
      try {
        speed = speed(BUDGETS_MEASURED_AT, budget);
      } catch (IllegalStateException e) {
        // Out of memory at this size; the smaller ones have been measured.
        break;
      }
      if (speed > WORTH_MORE_MEMORY * fastest) {
        fastest = speed;
        best = budget;
      }
    }
    List<Speed> speeds = new ArrayList<>();
    for (int length : LENGTHS) {
      int possible = Math.min(length, embedder.config().get(Setting.MAX_LENGTH));
      if (speeds.stream().noneMatch(s -> s.length() == possible)) {
        speeds.add(new Speed(possible, speed(possible, best)));
      }
    }
    return new Speeds(best, speeds);
  }

  private double speed(int wantedLength, int budget) throws InterruptedException {
    int length = Math.min(wantedLength, embedder.config().get(Setting.MAX_LENGTH));
    int rows = Math.max(1, budget / length);
    // One token a word; first and last are special. The text is somewhat longer and gets cut.
    String text = "the ".repeat(Math.max(1, length - 2));
    List<String> texts = Collections.nCopies(rows, text);
    long begin = System.nanoTime();
    double warmUp = once(texts, length);
    List<Double> perSecond = new ArrayList<>();
    while (perSecond.size() < REPEATS && System.nanoTime() - begin < ENOUGH_NANOS) {
      perSecond.add(once(texts, length));
    }
    Collections.sort(perSecond);
    return perSecond.isEmpty() ? warmUp : perSecond.get(perSecond.size() / 2);
  }

  private double once(List<String> texts, int length) throws InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      long start = System.nanoTime();
      Callable<Object> work = () -> embedder.embedAll(texts);
      for (Future<?> thread : pool.invokeAll(Collections.nCopies(threads, work))) {
        thread.get();
      }
      return (double) threads * texts.size() * length / ((System.nanoTime() - start) / 1e9);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }
}
