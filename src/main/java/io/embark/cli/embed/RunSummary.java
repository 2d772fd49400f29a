package io.embark.cli.embed;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.cli.Words;
import io.embark.embed.Status;
import io.embark.spark.metrics.CountingStats.Counter;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.metrics.EmbeddingMetrics.SlowTask;
import io.embark.spark.parquet.RowTotals;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * The outcome of a run, for people and for its record.
 *
 * @param totals of the rows that were staged, by this attempt or an earlier one
 * @param tasks what embedding took, by the tasks of this attempt
 * @param seconds from the first task to the last
 * @param resumed rows that an earlier attempt had embedded
 */
record RunSummary(
    RowTotals totals, EmbeddingMetrics tasks, int failedTasks, double seconds, long resumed) {
  /** What a row can be only when something has gone wrong. */
  private static final Set<Status> FAILURES =
      EnumSet.complementOf(EnumSet.of(Status.OK, Status.NULL_TEXT, Status.BLANK_TEXT));

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SLOWEST = 5;

  /** Tasks that took so many times as long as the others are listed. */
  private static final double SLOW = 1.5;

  long failedRows() {
    return FAILURES.stream().mapToLong(totals.byStatus()::get).sum();
  }

  /** The fraction of tokens that truncation cut off, 0 to 1. */
  double lostTokens() {
    return totals.allTokens() == 0 ? 0 : 1 - (double) totals.tokens() / totals.allTokens();
  }

  /** Mean over the rows of the fraction of tokens that the vocabulary lacks, 0 to 1. */
  private double unknownTokens() {
    return totals.rows() == 0 ? 0 : totals.unknownMillionths() / 1e6 / totals.rows();
  }

  private double perSecond(long count) {
    return seconds == 0 ? 0 : count / seconds;
  }

  /** Prints it; {@code totalSeconds} include start and checks. */
  void print(Words out, Path output, double totalSeconds) {
    out.printf("%nWrote %s%n", output);
    StringBuilder line = new StringBuilder(Words.of("%,d rows", totals.rows()));
    if (totals.documents() != totals.rows()) {
      line.append(Words.of(" of %,d documents", totals.documents()));
    }
    for (var status : totals.byStatus().entrySet()) {
      if (status.getKey() != Status.OK && status.getValue() > 0) {
        line.append(Words.of(", %,d %s", status.getValue(), status.getKey()));
      }
    }
    line.append(
        Words.of(
            "; %,d cut at the maximum length (%.1f %% of tokens lost)",
            totals.truncated(), 100 * lostTokens()));
    if (unknownTokens() > 0) {
      line.append(Words.of("; %.2f %% of tokens unknown to the model", 100 * unknownTokens()));
    }
    out.println(line);
    printTasks(out, totalSeconds);
    printSlowTasks(out);
  }

  private void printTasks(Words out, double totalSeconds) {
    out.printf(
        "%.1f s of work: %,.1f rows/s, %,.0f tokens/s; padding %.1f %%; %.1f s in all since the session started%n",
        seconds,
        perSecond(tasks.rows()),
        perSecond(tasks.tokens()),
        100 * tasks.padding(),
        totalSeconds);
    out.printf(
        "%,d tasks took %.1f s: %.1f s reading, %.1f s tokenising, %.1f s waiting for the model, %.1f s writing and loading; the model %.1f s, %,d batches%n",
        tasks.tasks(),
        tasks.seconds(Counter.TASK_NANOS),
        tasks.seconds(Counter.READ_NANOS),
        tasks.seconds(Counter.TOKENIZE_NANOS),
        tasks.seconds(Counter.WAIT_NANOS),
        tasks.writeSeconds(),
        tasks.seconds(Counter.MODEL_NANOS),
        tasks.count(Counter.BATCHES));
    printIfAny(
        out,
        "%,d texts equal another in their task's buffer, and were embedded with it",
        tasks.count(Counter.REPEATED));
    printIfAny(
        out,
        "Memory did not suffice %,d times: batches were halved (see the executors' logs for the budget that fits)",
        tasks.count(Counter.HALVINGS));
    printIfAny(out, "%,d attempts at tasks failed and were made again", failedTasks);
    long withoutGpu = tasks.count(Counter.CPU_FOR_WANT_OF_GPU);
    if (withoutGpu > 0 && withoutGpu < tasks.tasks()) {
      out.printf(
          "%,d of %,d tasks found no GPU and ran on the CPU, the others on GPUs; with --device cuda they would have failed%n",
          withoutGpu, tasks.tasks());
    }
  }

  private static void printIfAny(Words out, String format, long count) {
    if (count > 0) {
      out.printf(format + "%n", count);
    }
  }

  private void printSlowTasks(Words out) {
    List<SlowTask> slowest = tasks.slowest(SLOWEST);
    double mean = tasks.seconds(Counter.TASK_NANOS) / tasks.tasks();
    if (tasks.tasks() < 2 || slowest.get(0).seconds() <= SLOW * mean) {
      return;
    }
    out.println("Slowest tasks:");
    for (SlowTask task : slowest) {
      out.printf(
          "  partition %d on %s (executor %s): %.1f s, %,d rows, %,d tokens%n",
          task.partition(),
          task.host(),
          task.executor(),
          task.seconds(),
          task.rows(),
          task.tokens());
    }
  }

  /** Adds its fields to the record of a run. */
  void addTo(ObjectNode result) {
    result.put("rows", totals.rows());
    result.put("documents", totals.documents());
    totals.byStatus().forEach((status, rows) -> result.put(status.name(), rows));
    result.put("truncated", totals.truncated());
    result.put("tokens", totals.tokens());
    result.put("tokensOfWholeTexts", totals.allTokens());
    result.put("lostTokens", lostTokens());
    result.put("unknownTokenRatio", unknownTokens());
    result.put("repeatedTexts", tasks.count(Counter.REPEATED));
    result.put("padding", tasks.padding());
    result.put("batches", tasks.count(Counter.BATCHES));
    result.put("batchesHalvedForMemory", tasks.count(Counter.HALVINGS));
    result.put("seconds", seconds);
    result.put("rowsPerSecond", perSecond(tasks.rows()));
    result.put("tokensPerSecond", perSecond(tasks.tokens()));
    result.put("tasks", tasks.tasks());
    result.put("failedTasks", failedTasks);
    result.put("tasksWithoutGpu", tasks.count(Counter.CPU_FOR_WANT_OF_GPU));
    result
        .putObject("taskSeconds")
        .put("all", tasks.seconds(Counter.TASK_NANOS))
        .put("read", tasks.seconds(Counter.READ_NANOS))
        .put("tokenize", tasks.seconds(Counter.TOKENIZE_NANOS))
        .put("wait", tasks.seconds(Counter.WAIT_NANOS))
        .put("write", tasks.writeSeconds())
        .put("model", tasks.seconds(Counter.MODEL_NANOS));
    result.set("slowestTasks", JSON.valueToTree(tasks.slowest(SLOWEST)));
  }
}
