package io.embark.cli.embed;

import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.metrics.TaskTotals;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/**
 * Says while a run embeds how far it is: to a person or a log, see {@link ProgressReport}, and in
 * the job's description in Spark's web UI. Rows of running tasks come with the executors'
 * heartbeats, every ten seconds, those of finished tasks with their end. A partition counts once,
 * however often it is computed.
 */
public final class Progress extends SparkListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Progress.class);

  /** A property of the jobs that are meant. */
  private static final String MARK = "embark.progress";

  private record Partition(int stage, int index) {}

  private final SparkContext context;
  private final String description;
  private final long total;
  private final ProgressReport report;
  private final String mark = Integer.toHexString(System.identityHashCode(this));
  private final Map<Long, Long> running = new ConcurrentHashMap<>();
  private final Map<Partition, Long> finished = new ConcurrentHashMap<>();
  private final AtomicInteger failedTasks = new AtomicInteger();
  private final long start = System.nanoTime();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          runnable -> {
            Thread thread = new Thread(runnable, "embark-progress");
            thread.setDaemon(true);
            return thread;
          });
  private volatile int job = -1;
  private volatile long closed;

  private Progress(SparkContext context, long total, ProgressReport report) {
    this.context = context;
    this.total = total;
    this.report = report;
    String set = context.getLocalProperty("spark.job.description");
    this.description = set == null ? "Embark" : set;
  }

  /**
   * Begins; what the calling thread does with Spark until {@link #close} is reported on.
   *
   * @param total rows to embed, or -1 if that is unknown
   */
  static Progress of(SparkContext context, long total, ProgressReport report) {
    Progress progress = new Progress(context, total, report);
    context.addSparkListener(progress);
    context.setLocalProperty(MARK, progress.mark);
    progress.clock.scheduleAtFixedRate(progress::say, 1, 1, TimeUnit.SECONDS);
    return progress;
  }

  /** Does some work and reports on it meanwhile, whatever number of rows there are to embed. */
  public static void during(SparkContext context, Runnable work) {
    try (Progress progress = of(context, -1, ProgressReport.AUTO.settle())) {
      work.run();
      LOG.debug("{} rows embedded in {} s", progress.rows(), progress.seconds());
    }
  }

  /** Attempts at tasks that failed so far, those that lost a race not counted. */
  int failedTasks() {
    return failedTasks.get();
  }

  /** Rows embedded so far. */
  long rows() {
    long rows =
        finished.values().stream().mapToLong(Long::longValue).sum()
            + running.values().stream().mapToLong(Long::longValue).sum();
    // Two attempts at one partition are both running.
    return total < 0 ? rows : Math.min(rows, total);
  }

  /** Rows to embed, or -1 if that is unknown. */
  long total() {
    return total;
  }

  /** Since it began, until it was closed. */
  double seconds() {
    return ((closed == 0 ? System.nanoTime() : closed) - start) / 1e9;
  }

  private void say() {
    ProgressState state = new ProgressState(rows(), total, seconds(), failedTasks());
    report.say(state);
    if (job >= 0 && state.rows() > 0) {
      JobDescription.set(context, job, description + ": " + state.inWords());
    }
  }

  @Override
  public void close() {
    closed = System.nanoTime();
    clock.shutdownNow();
    context.setLocalProperty(MARK, null);
    context.removeSparkListener(this);
    report.end();
  }

  @Override
  public void onJobStart(SparkListenerJobStart event) {
    Properties properties = event.properties();
    if (properties != null && mark.equals(properties.getProperty(MARK))) {
      job = event.jobId();
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    running.remove(event.taskInfo().taskId());
    if (event.taskInfo().successful()) {
      for (AccumulableInfo info : JavaConverters.seqAsJavaList(event.taskInfo().accumulables())) {
        Partition partition = new Partition(event.stageId(), event.taskInfo().index());
        totals(info).ifPresent(totals -> finished.put(partition, totals.rows()));
      }
    } else if (!(event.reason() instanceof TaskKilled)) {
      failedTasks.incrementAndGet();
    }
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate event) {
    JavaConverters.seqAsJavaList(event.accumUpdates())
        .forEach(
            task ->
                JavaConverters.seqAsJavaList(task._4())
                    .forEach(
                        info ->
                            totals(info).ifPresent(t -> running.put((Long) task._1(), t.done()))));
  }

  private static Optional<TaskTotals> totals(AccumulableInfo info) {
    boolean ours = info.name().isDefined() && info.name().get().equals(EmbeddingMetrics.NAME);
    return ours && info.update().isDefined() && info.update().get() instanceof TaskTotals totals
        ? Optional.of(totals)
        : Optional.empty();
  }
}
