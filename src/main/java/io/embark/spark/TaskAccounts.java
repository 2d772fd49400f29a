package io.embark.spark;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.util.AccumulatorV2;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The accounts of a job's tasks, one per partition. Spark's own counters add up what every
 * successful task says, so that a partition counts twice when it was computed twice: its output was
 * lost with an executor, or two attempts raced each other. Here the last account of a partition
 * replaces the one before it. Failed attempts have none.
 *
 * <p>Partitions are told apart within one SQL query, or within a stage of an RDD job: rows that are
 * computed anew by another query count again, as the work was done again.
 */
final class TaskAccounts extends AccumulatorV2<TaskAccounts.Amount, TaskTotals> {
  private static final long serialVersionUID = 1;

  /** Spark's name for the query that a task belongs to. */
  private static final String QUERY = "spark.sql.execution.id";

  record Amount(TaskCounter counter, long value) {}

  /** On the driver all accounts, in a task at most its own. */
  private final Map<String, TaskAccount> accounts = new HashMap<>();

  private final long[] totals = new long[TaskCounter.COUNT];

  /** The account of the task that this copy was sent to; null on the driver. */
  private transient TaskAccount own;

  /** Adds to the account of the running task. Called by its own thread and by the model's. */
  synchronized void add(TaskCounter counter, long value) {
    if (own == null) {
      own = new TaskAccount("driver", -1, "driver", "driver", new long[TaskCounter.COUNT]);
      accounts.put(own.key(), own);
    }
    own.counts()[counter.ordinal()] += value;
    totals[counter.ordinal()] += value;
  }

  /** Counts something that happens any number of times, once. */
  synchronized void once(TaskCounter counter) {
    if (totals[counter.ordinal()] == 0) {
      add(counter, 1);
    }
  }

  @Override
  public void add(Amount amount) {
    add(amount.counter(), amount.value());
  }

  /** Takes the accounts of another, in place of those of the same partitions. */
  @Override
  public void merge(AccumulatorV2<Amount, TaskTotals> other) {
    Map<String, TaskAccount> theirs = ((TaskAccounts) other).accounts();
    synchronized (this) {
      theirs.values().forEach(this::put);
    }
  }

  /** Replaces the account of a partition, unless the new one says nothing. */
  synchronized void put(TaskAccount account) {
    if (account.isEmpty()) {
      return;
    }
    TaskAccount before = accounts.put(account.key(), account);
    for (int i = 0; i < totals.length; i++) {
      totals[i] += account.counts()[i] - (before == null ? 0 : before.counts()[i]);
    }
  }

  private synchronized Map<String, TaskAccount> accounts() {
    return Map.copyOf(accounts);
  }

  @Override
  public synchronized TaskTotals value() {
    return new TaskTotals(totals.clone());
  }

  /** The accounts of which a counter is greatest, greatest first. */
  synchronized List<TaskAccount> greatest(TaskCounter counter, int most) {
    Comparator<TaskAccount> order = Comparator.comparingLong(account -> account.get(counter));
    PriorityQueue<TaskAccount> greatest = new PriorityQueue<>(order);
    for (TaskAccount account : accounts.values()) {
      greatest.add(account);
      if (greatest.size() > most) {
        greatest.remove();
      }
    }
    return greatest.stream().sorted(order.reversed()).toList();
  }

  @Override
  public synchronized boolean isZero() {
    return new TaskAccount("", 0, "", "", totals).isEmpty();
  }

  @Override
  public TaskAccounts copy() {
    TaskAccounts copy = new TaskAccounts();
    copy.merge(this);
    return copy;
  }

  /** Without copying first: Spark asks for this whenever it sends work to executors. */
  @Override
  public TaskAccounts copyAndReset() {
    return new TaskAccounts();
  }

  @Override
  public synchronized void reset() {
    accounts.clear();
    Arrays.fill(totals, 0);
    own = null;
  }

  /** Heartbeats send it while the task goes on. */
  private synchronized void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
  }

  /** A copy that arrives in a task opens its account. */
  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    TaskContext task = TaskContext.get();
    if (task == null) {
      return;
    }
    String query = task.getLocalProperty(QUERY);
    BlockManagerId here = SparkEnv.get().blockManager().blockManagerId();
    own =
        new TaskAccount(
            (query == null ? "stage " + task.stageId() : "query " + query)
                + " partition "
                + task.partitionId(),
            task.partitionId(),
            here.executorId(),
            here.host(),
            new long[TaskCounter.COUNT]);
    accounts.put(own.key(), own);
    long start = System.nanoTime();
    TaskCompletionListener end = ended -> end(System.nanoTime() - start);
    task.addTaskCompletionListener(end);
  }

  private synchronized void end(long nanos) {
    // A task without rows did nothing worth telling.
    if (!isZero()) {
      add(TaskCounter.TASKS, 1);
      add(TaskCounter.TASK_NANOS, nanos);
    }
  }
}
