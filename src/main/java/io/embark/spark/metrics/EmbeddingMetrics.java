package io.embark.spark.metrics;

import io.embark.batch.Batch;
import io.embark.embed.EmbeddingStats;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;

/**
 * Where the time and the tokens of a job went, summed over its tasks. A partition of what one call
 * of transform gives counts once in a query, however often Spark computes it: see {@link
 * TaskAccounts}. Tasks that are running are not in it yet.
 */
public final class EmbeddingMetrics implements EmbeddingStats, Serializable {
  private static final long serialVersionUID = 1;

  /** What Spark's web UI and its events call the counters. */
  public static final String NAME = "embark";

  private final TaskAccounts accounts;

  /** Which call of transform is counted here; 0 for none. */
  private final int call;

  /** How many there have been; shared by all of them on the driver. */
  private final transient AtomicInteger calls;

  /** Rows of the buffer that is being tokenised. */
  private transient int buffered;

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

  /**
   * One of the tasks that took longest.
   *
   * @param partition its number in its stage
   * @param executor id of the executor it ran on
   * @param rows it read, or chunks
   * @param tokens the model saw
   * @param seconds from its beginning to its end
   */
  public record SlowTask(
      int partition, String executor, String host, long rows, long tokens, double seconds) {}

  @Override
  public void read(int rows, long nanos) {
    buffered = rows;
    accounts.add(call, TaskCounter.ROWS, rows);
    accounts.add(call, TaskCounter.READ_NANOS, nanos);
  }

  @Override
  public void waited(long nanos) {
    accounts.add(call, TaskCounter.WAIT_NANOS, nanos);
  }

  @Override
  public void tokenized(int count, long nanos) {
    accounts.add(call, TaskCounter.WITHOUT_MODEL, Math.max(0, buffered - count));
    accounts.add(call, TaskCounter.TOKENIZE_NANOS, nanos);
  }

  @Override
  public void repeated(int texts) {
    accounts.add(call, TaskCounter.REPEATED, texts);
  }

  @Override
  public void batch(Batch batch, long nanos) {
    accounts.add(call, TaskCounter.BATCHES, 1);
    accounts.add(call, TaskCounter.TEXTS, batch.size());
    accounts.add(call, TaskCounter.TOKENS, batch.tokens());
    accounts.add(call, TaskCounter.PADDED_TOKENS, batch.paddedTokens());
    accounts.add(call, TaskCounter.MODEL_NANOS, nanos);
  }

  @Override
  public void halved() {
    accounts.add(call, TaskCounter.HALVINGS, 1);
  }

  @Override
  public void failed(int texts) {
    accounts.add(call, TaskCounter.FAILED, texts);
  }

  @Override
  public void noGpuFound() {
    accounts.once(call, TaskCounter.CPU_FOR_WANT_OF_GPU);
  }

  private long count(TaskCounter counter) {
    return accounts.value().get(counter);
  }

  private double seconds(TaskCounter counter) {
    return count(counter) / 1e9;
  }

  /** Rows read, or chunks where texts are cut into chunks. */
  public long rows() {
    return count(TaskCounter.ROWS);
  }

  /** Texts that the model embedded. */
  public long texts() {
    return count(TaskCounter.TEXTS);
  }

  /** Texts that equal another of their task's buffer and got its vector: work saved. */
  public long repeated() {
    return count(TaskCounter.REPEATED);
  }

  /** Texts that the model failed on, equal ones of a buffer once. */
  public long failed() {
    return count(TaskCounter.FAILED);
  }

  /** Tokens that the model saw, padding not counted. */
  public long tokens() {
    return count(TaskCounter.TOKENS);
  }

  /** The share of padding in all positions computed, 0 to 1. */
  public double padding() {
    TaskTotals totals = accounts.value();
    long padded = totals.get(TaskCounter.PADDED_TOKENS);
    return padded == 0 ? 0 : 1 - (double) totals.get(TaskCounter.TOKENS) / padded;
  }

  /** Batches that the model computed. */
  public long batches() {
    return count(TaskCounter.BATCHES);
  }

  /** Batches that did not fit into memory and were halved. */
  public long halvings() {
    return count(TaskCounter.HALVINGS);
  }

  /** Tasks that embedded anything. */
  public long tasks() {
    return count(TaskCounter.TASKS);
  }

  /** Tasks that ran on a CPU because the device is auto and no GPU was found. */
  public long tasksWithoutGpu() {
    return count(TaskCounter.CPU_FOR_WANT_OF_GPU);
  }

  /** Task seconds spent on reading the input, with all that Spark does before embedding. */
  public double readSeconds() {
    return seconds(TaskCounter.READ_NANOS);
  }

  /** Task seconds in which a task had nothing to do but wait for the model. */
  public double waitSeconds() {
    return seconds(TaskCounter.WAIT_NANOS);
  }

  /** Task seconds spent on tokenising. */
  public double tokenizeSeconds() {
    return seconds(TaskCounter.TOKENIZE_NANOS);
  }

  /**
   * Seconds spent in the model and on pooling, by threads beside the tasks'. More than the waiting
   * where buffers are read ahead.
   */
  public double modelSeconds() {
    return seconds(TaskCounter.MODEL_NANOS);
  }

  /** Task seconds in all. */
  public double taskSeconds() {
    return seconds(TaskCounter.TASK_NANOS);
  }

  /**
   * Task seconds spent on neither of reading, tokenising and waiting: on what Spark does behind
   * embedding, which is to write, and before the first row, which is to load the model.
   */
  public double writeSeconds() {
    TaskTotals totals = accounts.value();
    long nanos =
        totals.get(TaskCounter.TASK_NANOS)
            - totals.get(TaskCounter.READ_NANOS)
            - totals.get(TaskCounter.TOKENIZE_NANOS)
            - totals.get(TaskCounter.WAIT_NANOS);
    return Math.max(0, nanos) / 1e9;
  }

  /** The tasks that took longest, longest first. */
  public List<SlowTask> slowest(int most) {
    return accounts.greatest(TaskCounter.TASK_NANOS, most).stream()
        .map(
            task ->
                new SlowTask(
                    task.partition(),
                    task.executor(),
                    task.host(),
                    task.get(TaskCounter.ROWS),
                    task.get(TaskCounter.TOKENS),
                    task.get(TaskCounter.TASK_NANOS) / 1e9))
        .toList();
  }
}
