package io.embark.spark.metrics;

import io.embark.spark.metrics.CountingStats.Counter;
import io.embark.spark.metrics.EmbeddingMetrics.Totals;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.util.AccumulatorV2;
import org.apache.spark.util.TaskCompletionListener;

/**
 * An accumulator that keeps one account per partition and call of {@code TextEmbedder.transform}.
 * With Spark's own a partition counts twice when it was computed twice: its output was lost with an
 * executor, or two attempts raced. Here its last account replaces the one before it. Failed
 * attempts have none.
 *
 * <p>Partitions are told apart within one SQL query, or within a stage of an RDD job: another query
 * does its work again. Within a query the stage does not tell them apart, as a sort samples its
 * rows in a stage of its own first. Calls do, as two of them embed other texts.
 *
 * <p>Of all but the last {@value #QUERIES} queries only totals and the {@value #SLOWEST} slowest
 * tasks are kept, as a driver may live for very many: a partition of an older one that is computed
 * again counts twice.
 */
final class TaskAccounts extends AccumulatorV2<TaskAccounts.Amount, Totals> {
  private static final long serialVersionUID = 1;

  /** Spark's name for the query that a task belongs to. */
  private static final String QUERY = "spark.sql.execution.id";

  /** Queries whose accounts are kept; far more than ever run at the same time. */
  static final int QUERIES = 64;

  /** Tasks that are remembered of all queries before. */
  static final int SLOWEST = 16;

  /** An addition to the account of the running task for one call of transform. */
  record Amount(int call, Counter counter, long value) {}

  /** Work that is done once, however often it is computed. */
  record Work(String query, int call, int partition) implements Serializable {}

  /**
   * Counts of one task for one call of transform, by ordinal of {@link Counter}; the executor is
   * {@code driver} in local mode.
   */
  record Account(Work work, String executor, String host, long[] counts) implements Serializable {
    long get(Counter counter) {
      return counts[counter.ordinal()];
    }
  }

  /** The task that this copy was sent to, or the driver. */
  private record Place(String query, int partition, String executor, String host) {
    static final Place DRIVER = new Place("driver", -1, "driver", "driver");

    static Place of(TaskContext task) {
      String query = task.getLocalProperty(QUERY);
      BlockManagerId at = SparkEnv.get().blockManager().blockManagerId();
      return new Place(
          query == null ? "stage " + task.stageId() : "query " + query,
          task.partitionId(),
          at.executorId(),
          at.host());
    }
  }

  /** By query, that heard of longest ago first: on the driver all, in a task at most its own. */
  private final Map<String, Map<Work, Account>> accounts = new LinkedHashMap<>(16, 0.75f, true);

  /** Of all queries, those forgotten too. Kept up to date: Spark asks at the end of each task. */
  private final long[] totals = new long[Counter.COUNT];

  private final long[] forgotten = new long[Counter.COUNT];

  /** Those that took longest of the queries that are forgotten. */
  private List<Account> slowestForgotten = List.of();

  private transient Place here = Place.DRIVER;

  /** Adds to an account of the running task. Called by its own thread and by the model's. */
  @Override
  public synchronized void add(Amount amount) {
    Account account =
        ofQuery(here.query())
            .computeIfAbsent(
                new Work(here.query(), amount.call(), here.partition()),
                work -> new Account(work, here.executor(), here.host(), new long[Counter.COUNT]));
    account.counts()[amount.counter().ordinal()] += amount.value();
    totals[amount.counter().ordinal()] += amount.value();
  }

  /** Counts something that happens any number of times in a task, once. */
  synchronized void once(int call, Counter counter) {
    if (totals[counter.ordinal()] == 0) {
      add(new Amount(call, counter, 1));
    }
  }

  private Map<Work, Account> ofQuery(String query) {
    return accounts.computeIfAbsent(query, q -> new HashMap<>());
  }

  /** Takes the accounts of another, in place of those of the same work. */
  @Override
  public void merge(AccumulatorV2<Amount, Totals> other) {
    TaskAccounts theirs = (TaskAccounts) other;
    List<Account> all;
    List<Account> slow;
    long[] more;
    synchronized (theirs) {
      all = theirs.all();
      slow = theirs.slowestForgotten;
      more = theirs.forgotten.clone();
    }
    synchronized (this) {
      all.forEach(this::put);
      addTo(totals, more);
      addTo(forgotten, more);
      slowestForgotten = slowest(slowestForgotten, slow);
    }
  }

  /** Replaces the account of some work, unless the new one says nothing. */
  synchronized void put(Account account) {
    if (Arrays.stream(account.counts()).allMatch(count -> count == 0)) {
      return;
    }
    Account before = ofQuery(account.work().query()).put(account.work(), account);
    addTo(totals, account.counts());
    if (before != null) {
      addTo(totals, Arrays.stream(before.counts()).map(count -> -count).toArray());
    }
    if (accounts.size() > QUERIES) {
      forgetOldest();
    }
  }

  private void forgetOldest() {
    Iterator<Map<Work, Account>> oldestFirst = accounts.values().iterator();
    Collection<Account> oldest = oldestFirst.next().values();
    oldestFirst.remove();
    oldest.forEach(account -> addTo(forgotten, account.counts()));
    slowestForgotten = slowest(slowestForgotten, oldest);
  }

  private static void addTo(long[] sums, long[] more) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += more[i];
    }
  }

  private static List<Account> slowest(Collection<Account> some, Collection<Account> others) {
    return greatest(Stream.concat(some.stream(), others.stream()), Counter.TASK_NANOS, SLOWEST);
  }

  private List<Account> all() {
    return accounts.values().stream().flatMap(ofQuery -> ofQuery.values().stream()).toList();
  }

  @Override
  public synchronized Totals value() {
    return new Totals(totals.clone());
  }

  /**
   * The accounts of which a counter is greatest, greatest first; of forgotten queries the slowest.
   */
  synchronized List<Account> greatest(Counter counter, int most) {
    return greatest(Stream.concat(slowestForgotten.stream(), all().stream()), counter, most);
  }

  private static List<Account> greatest(Stream<Account> accounts, Counter counter, int most) {
    Comparator<Account> order = Comparator.comparingLong(account -> account.get(counter));
    return accounts.sorted(order.reversed()).limit(most).toList();
  }

  @Override
  public synchronized boolean isZero() {
    return Arrays.stream(totals).allMatch(count -> count == 0);
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
    here = Place.DRIVER;
  }

  /** Heartbeats send it while the task goes on. */
  private synchronized void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
  }

  /** A copy that arrives in a task counts there. */
  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    here = Place.DRIVER;
    TaskContext task = TaskContext.get();
    if (task != null) {
      here = Place.of(task);
      long start = System.nanoTime();
      TaskCompletionListener end = ended -> end(System.nanoTime() - start);
      task.addTaskCompletionListener(end);
    }
  }

  private synchronized void end(long nanos) {
    // A task without rows did nothing worth telling.
    if (!isZero()) {
      // One task, although several calls may have worked in it.
      int call = all().stream().mapToInt(account -> account.work().call()).min().orElse(0);
      add(new Amount(call, Counter.TASKS, 1));
      add(new Amount(call, Counter.TASK_NANOS, nanos));
    }
  }
}
