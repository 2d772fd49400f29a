package io.embark.spark.metrics;

import io.embark.spark.TextEmbedder;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.util.AccumulatorV2;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The accounts of a job's tasks, one per partition and call of {@link TextEmbedder#transform}.
 * Spark's own counters add up what every successful task says, so that a partition counts twice
 * when it was computed twice: its output was lost with an executor, or two attempts raced each
 * other. Here the last account of a partition replaces the one before it. Failed attempts have
 * none.
 *
 * <p>Partitions are told apart within one SQL query, or within a stage of an RDD job: rows that are
 * computed anew by another query count again, as the work was done again. Within a query the stage
 * does not tell them apart: a sort samples its rows in a stage of its own first, and that is no
 * other work. Calls do, as two of them embed other texts.
 *
 * <p>A driver may live for as many queries as a stream has batches. Of all but the last {@value
 * #QUERIES} that tasks told of, only totals and the {@value #SLOWEST} slowest tasks are kept: a
 * partition of an older one that is computed again counts twice.
 */
final class TaskAccounts extends AccumulatorV2<TaskAccounts.Amount, TaskTotals> {
  private static final long serialVersionUID = 1;

  /** Spark's name for the query that a task belongs to. */
  private static final String QUERY = "spark.sql.execution.id";

  record Amount(int call, TaskCounter counter, long value) {}

  /** Where work is done: of the task that this copy was sent to, or on the driver. */
  private record Place(String query, int partition, String executor, String host) {
    static final Place DRIVER = new Place("driver", -1, "driver", "driver");
  }

  /** Queries whose accounts are kept; far more than ever run at the same time. */
  static final int QUERIES = 64;

  /** Tasks that are remembered of all queries before. */
  static final int SLOWEST = 16;

  /** By query, that heard of longest ago first: on the driver all, in a task at most its own. */
  private final Map<String, Map<TaskAccount.Work, TaskAccount>> accounts =
      new LinkedHashMap<>(16, 0.75f, true);

  /** Of all queries, those forgotten too. */
  private final long[] totals = new long[TaskCounter.COUNT];

  private final long[] forgotten = new long[TaskCounter.COUNT];

  /** Those that took longest of the queries that are forgotten. */
  private List<TaskAccount> slowestForgotten = List.of();

  /** Null on the driver. */
  private transient Place here;

  /** Adds to an account of the running task. Called by its own thread and by the model's. */
  synchronized void add(int call, TaskCounter counter, long value) {
    Place place = here == null ? Place.DRIVER : here;
    TaskAccount account =
        ofQuery(place.query())
            .computeIfAbsent(
                new TaskAccount.Work(place.query(), call, place.partition()),
                work ->
                    new TaskAccount(
                        work, place.executor(), place.host(), new long[TaskCounter.COUNT]));
    account.counts()[counter.ordinal()] += value;
    totals[counter.ordinal()] += value;
  }

  /** Counts something that happens any number of times, once. */
  synchronized void once(int call, TaskCounter counter) {
    if (totals[counter.ordinal()] == 0) {
      add(call, counter, 1);
    }
  }

  @Override
  public void add(Amount amount) {
    add(amount.call(), amount.counter(), amount.value());
  }

  private Map<TaskAccount.Work, TaskAccount> ofQuery(String query) {
    return accounts.computeIfAbsent(query, q -> new HashMap<>());
  }

  /** Takes the accounts of another, in place of those of the same work. */
  @Override
  public void merge(AccumulatorV2<Amount, TaskTotals> other) {
    TaskAccounts theirs = (TaskAccounts) other;
    List<TaskAccount> all;
    List<TaskAccount> slow;
    long[] more;
    synchronized (theirs) {
      all = theirs.all();
      slow = theirs.slowestForgotten;
      more = theirs.forgotten.clone();
    }
    synchronized (this) {
      all.forEach(this::put);
      plus(totals, more);
      plus(forgotten, more);
      slowestForgotten = slowest(slowestForgotten, slow);
    }
  }

  /** Replaces the account of some work, unless the new one says nothing. */
  synchronized void put(TaskAccount account) {
    if (account.isEmpty()) {
      return;
    }
    TaskAccount before = ofQuery(account.work().query()).put(account.work(), account);
    for (int i = 0; i < totals.length; i++) {
      totals[i] += account.counts()[i] - (before == null ? 0 : before.counts()[i]);
    }
    if (accounts.size() > QUERIES) {
      forget(accounts.values().iterator());
    }
  }

  private void forget(Iterator<Map<TaskAccount.Work, TaskAccount>> oldestFirst) {
    Collection<TaskAccount> oldest = oldestFirst.next().values();
    oldestFirst.remove();
    oldest.forEach(account -> plus(forgotten, account.counts()));
    slowestForgotten = slowest(slowestForgotten, oldest);
  }

  private static void plus(long[] sums, long[] more) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += more[i];
    }
  }

  private static List<TaskAccount> slowest(
      Collection<TaskAccount> some, Collection<TaskAccount> others) {
    List<TaskAccount> both = new ArrayList<>(some);
    both.addAll(others);
    return greatest(both, TaskCounter.TASK_NANOS, SLOWEST);
  }

  private List<TaskAccount> all() {
    return accounts.values().stream().flatMap(ofQuery -> ofQuery.values().stream()).toList();
  }

  @Override
  public synchronized TaskTotals value() {
    return new TaskTotals(totals.clone());
  }

  /**
   * The accounts of which a counter is greatest, greatest first. Of queries that are forgotten only
   * those are known that took longest.
   */
  synchronized List<TaskAccount> greatest(TaskCounter counter, int most) {
    List<TaskAccount> known = new ArrayList<>(slowestForgotten);
    known.addAll(all());
    return greatest(known, counter, most);
  }

  private static List<TaskAccount> greatest(
      List<TaskAccount> accounts, TaskCounter counter, int most) {
    Comparator<TaskAccount> order = Comparator.comparingLong(account -> account.get(counter));
    PriorityQueue<TaskAccount> greatest = new PriorityQueue<>(order);
    for (TaskAccount account : accounts) {
      greatest.add(account);
      if (greatest.size() > most) {
        greatest.remove();
      }
    }
    return greatest.stream().sorted(order.reversed()).toList();
  }

  @Override
  public synchronized boolean isZero() {
    return new TaskAccount(null, "", "", totals).isEmpty();
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
    slowestForgotten = List.of();
    Arrays.fill(totals, 0);
    Arrays.fill(forgotten, 0);
    here = null;
  }

  /** Heartbeats send it while the task goes on. */
  private synchronized void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
  }

  /** A copy that arrives in a task counts there. */
  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    TaskContext task = TaskContext.get();
    if (task == null) {
      return;
    }
    String query = task.getLocalProperty(QUERY);
    BlockManagerId at = SparkEnv.get().blockManager().blockManagerId();
    here =
        new Place(
            query == null ? "stage " + task.stageId() : "query " + query,
            task.partitionId(),
            at.executorId(),
            at.host());
    long start = System.nanoTime();
    TaskCompletionListener end = ended -> end(System.nanoTime() - start);
    task.addTaskCompletionListener(end);
  }

  private synchronized void end(long nanos) {
    // A task without rows did nothing worth telling.
    if (!isZero()) {
      // One task, although several calls may have worked in it.
      int call = all().stream().mapToInt(account -> account.work().call()).min().orElse(0);
      add(call, TaskCounter.TASKS, 1);
      add(call, TaskCounter.TASK_NANOS, nanos);
    }
  }
}
