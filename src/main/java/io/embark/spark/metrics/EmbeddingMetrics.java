package io.embark.spark.metrics;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;

/**
 * Counters of what a {@code TextEmbedder} did, summed over the tasks that have ended. A partition
 * counts once in a query, however often Spark computes it: see {@link TaskAccounts}.
 */
public final class EmbeddingMetrics extends CountingStats implements Serializable {
  private static final long serialVersionUID = 1;

  /** Name of the counters in Spark's web UI and its events. */
  public static final String NAME = "embark";

  private final TaskAccounts accounts;

  /** Number of the call of transform that is counted here; 0 for none. */
  private final int call;

  /** Number of calls so far; shared by all of them on the driver. */
  private final transient AtomicInteger calls;

  public EmbeddingMetrics(SparkContext context) {
    this(new TaskAccounts(), 0, new AtomicInteger());
    context.register(accounts, NAME);
  }

  private EmbeddingMetrics(TaskAccounts accounts, int call, AtomicInteger calls) {
    this.accounts = accounts;
    this.call = call;
    this.calls = calls;
  }

  /** The same counters for one more call of transform, whose work adds to that of the others. */
  public EmbeddingMetrics ofNextCall() {
    return new EmbeddingMetrics(accounts, calls.incrementAndGet(), calls);
  }

  /** Counts of some tasks added up, by ordinal of {@link Counter}; not to be changed. */
  public record Totals(long[] counts) implements Serializable {

    long get(Counter counter) {
      return counts[counter.ordinal()];
    }

    /** Rows read, or chunks where texts are cut into chunks. */
    public long rows() {
      return get(Counter.ROWS);
    }

    /** Rows that are done, where rows() are those that were begun: a buffer of them at a time. */
    public long done() {
      return Math.min(rows(), texts() + get(Counter.WITHOUT_MODEL));
    }

    /** Texts that the model embedded. */
    public long texts() {
      return get(Counter.TEXTS);
    }

    /** As Spark's web UI shows it on the page of a stage. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%,d rows, %,d texts embedded, %,d tokens, %,d batches (%,d halved), %,d failed",
          rows(),
          texts(),
          get(Counter.TOKENS),
          get(Counter.BATCHES),
          get(Counter.HALVINGS),
          get(Counter.FAILED));
    }
  }

  /** One of the tasks that took longest, with what it read and the tokens that the model saw. */
  public record SlowTask(
      int partition, String executor, String host, long rows, long tokens, double seconds) {}

  @Override
  protected void add(Counter counter, long value) {
    if (counter == Counter.CPU_FOR_WANT_OF_GPU) {
      // Tasks are counted, and each may have several streams.
      accounts.once(call, counter);
    } else {
      accounts.add(new TaskAccounts.Amount(call, counter, value));
    }
  }

  public long count(Counter counter) {
    return accounts.value().get(counter);
  }

  /** Nanoseconds counted, in seconds. */
  public double seconds(Counter counter) {
    return count(counter) / 1e9;
  }

  /** Rows read, or chunks where texts are cut into chunks. */
  public long rows() {
    return count(Counter.ROWS);
  }

  /** Texts that the model embedded. */
  public long texts() {
    return count(Counter.TEXTS);
  }

  public long tokens() {
    return count(Counter.TOKENS);
  }

  /** The fraction of padding in all positions computed, 0 to 1. */
  public double padding() {
    Totals totals = accounts.value();
    long padded = totals.get(Counter.PADDED_TOKENS);
    return padded == 0 ? 0 : 1 - (double) totals.get(Counter.TOKENS) / padded;
  }

  public long tasks() {
    return count(Counter.TASKS);
  }

  /**
   * Task seconds spent on neither of reading, tokenising and waiting: on what Spark does behind
   * embedding, and before the first row on loading the model.
   */
  public double writeSeconds() {
    Totals totals = accounts.value();
    long nanos =
        totals.get(Counter.TASK_NANOS)
            - totals.get(Counter.READ_NANOS)
            - totals.get(Counter.TOKENIZE_NANOS)
            - totals.get(Counter.WAIT_NANOS);
    return Math.max(0, nanos) / 1e9;
  }

  /** The tasks that took longest, longest first. */
  public List<SlowTask> slowest(int most) {
    return accounts.greatest(Counter.TASK_NANOS, most).stream()
        .map(
            task ->
                new SlowTask(
                    task.work().partition(),
                    task.executor(),
                    task.host(),
                    task.get(Counter.ROWS),
                    task.get(Counter.TOKENS),
                    task.get(Counter.TASK_NANOS) / 1e9))
        .toList();
  }
}
