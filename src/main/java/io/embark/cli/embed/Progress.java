package io.embark.cli.embed;

import io.embark.Choice;
import io.embark.cli.Words;
import io.embark.spark.metrics.EmbeddingMetrics;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.ThreadUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/**
 * Reports how far a run is while it embeds. Rows of running tasks come with the executors'
 * heartbeats, every ten seconds, those of finished tasks with their end. A partition counts once,
 * however often it is computed.
 */
public final class Progress extends SparkListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Progress.class);

  private record Partition(int stage, int index) {}

  /** The rows that are done; {@code total} is -1 if that is unknown. */
  record State(long rows, long total, double seconds, int failedTasks) {
    /** Seconds before an estimate is shown. */
    private static final double SETTLED_SECONDS = 5;

    private double rowsPerSecond() {
      return seconds <= 0 ? 0 : rows / seconds;
    }

    String inWords() {
      StringBuilder words = new StringBuilder(Words.of("%,d", rows));
      if (total >= 0) {
        int percent = total == 0 ? 100 : (int) (100 * rows / total);
        words.append(Words.of(" of %,d rows (%d %%)", total, percent));
      } else {
        words.append(" rows");
      }
      words.append(Words.of(", %,.0f rows/s", rowsPerSecond()));
      if (total >= 0 && rows > 0 && seconds >= SETTLED_SECONDS) {
        double left = (total - rows) / rowsPerSecond();
        words.append(", ").append(duration(left)).append(" left");
      }
      if (failedTasks > 0) {
        words.append(Words.of(", %,d failed tasks", failedTasks));
      }
      return words.toString();
    }

    /** As a person would say it: {@code 40 s}, {@code 12 min}, {@code 3 h 05 min}. */
    private static String duration(double seconds) {
      long whole = Math.round(seconds);
      if (whole < 60) {
        return whole + " s";
      }
      long minutes = Math.round(seconds / 60);
      return minutes < 60
          ? minutes + " min"
          : Words.of("%d h %02d min", minutes / 60, minutes % 60);
    }
  }

  /** The ways to report how far a run is, once a second. */
  enum Report implements Choice {
    /** As a line on a terminal if there is one, else in the log. */
    AUTO,
    /** One line on the terminal, written over again and again. */
    LINE,
    /** A line in the log, every ten seconds during the first minute, then every minute. */
    LOG,
    /** Not at all. */
    NONE;

    private static final String TO_START_AND_CLEAR = "\r\u001b[K";
    private static final int COLUMNS = 79;

    private Report settle() {
      return this != AUTO ? this : System.console() == null ? LOG : LINE;
    }

    private void say(State state) {
      long second = Math.round(state.seconds());
      if (this == LINE) {
        String words = state.inWords();
        // The cursor is left at the start of the line, so that what is logged begins there.
        write(TO_START_AND_CLEAR + words.substring(0, Math.min(words.length(), COLUMNS)) + "\r");
      } else if (this == LOG && second > 0 && second % (second <= 60 ? 10 : 60) == 0) {
        Progress.LOG.info("{}", state.inWords());
      }
    }

    private void end() {
      if (this == LINE) {
        write(TO_START_AND_CLEAR);
      }
    }

    private static void write(String text) {
      Console console = System.console();
      PrintWriter out = console == null ? new PrintWriter(System.err) : console.writer();
      out.print(text);
      out.flush();
    }
  }

  private final SparkContext context;
  private final long total;
  private final Report report;
  private final Map<Long, Long> running = new ConcurrentHashMap<>();
  private final Map<Partition, Long> finished = new ConcurrentHashMap<>();
  private final AtomicInteger failedTasks = new AtomicInteger();
  private final long start = System.nanoTime();
  private final ScheduledExecutorService clock =
      ThreadUtils.newDaemonSingleThreadScheduledExecutor("embark-progress");
  private volatile long closed;

  private Progress(SparkContext context, long total, Report report) {
    this.context = context;
    this.total = total;
    this.report = report.settle();
  }

  /** Reports on so many rows, -1 if unknown, that Spark embeds until {@link #close}. */
  static Progress of(SparkContext context, long total, Report report) {
    Progress progress = new Progress(context, total, report);
    context.addSparkListener(progress);
    progress.clock.scheduleAtFixedRate(progress::say, 1, 1, TimeUnit.SECONDS);
    return progress;
  }

  /** Does some work and reports on it meanwhile, whatever number of rows there are to embed. */
  public static void during(SparkContext context, Runnable work) {
    try (Progress progress = of(context, -1, Report.AUTO)) {
      work.run();
      LOG.debug("{} rows embedded in {} s", progress.rows(), progress.seconds());
    }
  }

  /** Attempts that lost a race are not counted. */
  int failedTasks() {
    return failedTasks.get();
  }

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
    report.say(new State(rows(), total, seconds(), failedTasks()));
  }

  @Override
  public void close() {
    closed = System.nanoTime();
    clock.shutdownNow();
    context.removeSparkListener(this);
    report.end();
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
    for (var task : JavaConverters.seqAsJavaList(event.accumUpdates())) {
      for (AccumulableInfo info : JavaConverters.seqAsJavaList(task._4())) {
        totals(info).ifPresent(totals -> running.put((Long) task._1(), totals.done()));
      }
    }
  }

  private static Optional<EmbeddingMetrics.Totals> totals(AccumulableInfo info) {
    return info.name().contains(EmbeddingMetrics.NAME)
            && info.update().getOrElse(() -> null) instanceof EmbeddingMetrics.Totals totals
        ? Optional.of(totals)
        : Optional.empty();
  }
}
