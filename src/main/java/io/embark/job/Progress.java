package io.embark.job;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/**
 * Says every ten seconds how far a run is. Rows of running tasks come with the executors'
 * heartbeats, those of finished tasks with their end.
 */
final class Progress extends SparkListener {
  private static final Logger LOG = LoggerFactory.getLogger(Progress.class);
  private static final String TEXTS = "embark texts";
  private static final int SECONDS = 10;

  private final Map<Long, Long> running = new ConcurrentHashMap<>();
  private final AtomicLong finished = new AtomicLong();
  private final AtomicInteger tasks = new AtomicInteger();
  private final AtomicInteger tasksDone = new AtomicInteger();
  private final long start = System.nanoTime();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          runnable -> {
            Thread thread = new Thread(runnable, "embark-progress");
            thread.setDaemon(true);
            return thread;
          });

  private Progress() {}

  /** Runs some work and says meanwhile how far it is. */
  static void during(SparkContext context, Runnable work) {
    Progress progress = new Progress();
    context.addSparkListener(progress);
    progress.clock.scheduleAtFixedRate(progress::say, SECONDS, SECONDS, TimeUnit.SECONDS);
    try {
      work.run();
    } finally {
      progress.clock.shutdownNow();
      context.removeSparkListener(progress);
    }
  }

  private void say() {
    long rows = finished.get() + running.values().stream().mapToLong(Long::longValue).sum();
    double seconds = (System.nanoTime() - start) / 1e9;
    LOG.info(
        "{}",
        String.format(
            Locale.ROOT,
            "%,d texts embedded, %,.0f a second; %d of %d tasks done",
            rows,
            rows / seconds,
            tasksDone.get(),
            tasks.get()));
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted event) {
    tasks.addAndGet(event.stageInfo().numTasks());
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    running.remove(event.taskInfo().taskId());
    if (event.taskInfo().successful()) {
      tasksDone.incrementAndGet();
      for (AccumulableInfo info : JavaConverters.seqAsJavaList(event.taskInfo().accumulables())) {
        texts(info).ifPresent(finished::addAndGet);
      }
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
                            texts(info).ifPresent(count -> running.put((Long) task._1(), count))));
  }

  private static Optional<Long> texts(AccumulableInfo info) {
    boolean ours = info.name().isDefined() && info.name().get().equals(TEXTS);
    return ours && info.update().isDefined() && info.update().get() instanceof Long count
        ? Optional.of(count)
        : Optional.empty();
  }
}
