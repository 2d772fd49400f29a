package io.embark.cli.embed;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.embark.spark.metrics.EmbeddingMetrics;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * The cost of embedding, by the tasks of this attempt. Seconds are those of tasks added up, except
 * {@code model}, which threads beside the tasks' spend.
 *
 * @param rows embedded by this attempt, or chunks
 * @param repeated texts that equal another of their task's buffer and got its vector
 * @param tokens that the model saw
 * @param padding fraction of padding in what the model computed, 0 to 1
 * @param halvings batches that did not fit into memory and were halved
 * @param tasks that embedded anything
 * @param failedTasks attempts that failed
 * @param withoutGpu tasks on a CPU because the device is auto and no GPU was found
 * @param slowest the tasks that took longest, longest first
 * @param elapsed seconds from the first task to the last
 */
record RunMetrics(
    long rows,
    long repeated,
    long tokens,
    double padding,
    long batches,
    long halvings,
    long tasks,
    int failedTasks,
    long withoutGpu,
    double all,
    double read,
    double tokenize,
    double waiting,
    double write,
    double model,
    List<EmbeddingMetrics.SlowTask> slowest,
    double elapsed) {
  private static final int SLOWEST = 5;

  /** A task is worth a word if it took so many times as long as the others. */
  private static final double SLOW = 1.5;

  static RunMetrics of(EmbeddingMetrics metrics, int failedTasks, double elapsed) {
    return new RunMetrics(
        metrics.rows(),
        metrics.repeated(),
        metrics.tokens(),
        metrics.padding(),
        metrics.batches(),
        metrics.halvings(),
        metrics.tasks(),
        failedTasks,
        metrics.tasksWithoutGpu(),
        metrics.taskSeconds(),
        metrics.readSeconds(),
        metrics.tokenizeSeconds(),
        metrics.waitSeconds(),
        metrics.writeSeconds(),
        metrics.modelSeconds(),
        metrics.slowest(SLOWEST),
        elapsed);
  }

  double rowsPerSecond() {
    return elapsed == 0 ? 0 : rows / elapsed;
  }

  double tokensPerSecond() {
    return elapsed == 0 ? 0 : tokens / elapsed;
  }

  /**
   * @param totalSeconds including start and checks
   */
  void print(PrintWriter out, double totalSeconds) {
    out.println(
        format(
            "%.1f s of work: %,.1f rows/s, %,.0f tokens/s; padding %.1f %%; %.1f s in all since the"
                + " session started",
            elapsed, rowsPerSecond(), tokensPerSecond(), 100 * padding, totalSeconds));
    out.println(
        format(
            "%,d tasks took %.1f s: %.1f s reading, %.1f s tokenising, %.1f s waiting for the model,"
                + " %.1f s writing and loading; the model %.1f s, %,d batches",
            tasks, all, read, tokenize, waiting, write, model, batches));
    if (repeated > 0) {
      out.println(
          format(
              "%,d texts equal another in their task's buffer, and were embedded with it",
              repeated));
    }
    if (halvings > 0) {
      out.println(
          format(
              "Memory did not suffice %,d times: batches were halved (see the executors' logs for the"
                  + " budget that fits)",
              halvings));
    }
    if (failedTasks > 0) {
      out.println(format("%,d attempts at tasks failed and were made again", failedTasks));
    }
    if (withoutGpu > 0 && withoutGpu < tasks) {
      out.println(
          format(
              "%,d of %,d tasks found no GPU and ran on the CPU, the others on GPUs; with --device"
                  + " cuda they would have failed",
              withoutGpu, tasks));
    }
    if (tasks > 1 && slowest.get(0).seconds() > SLOW * (all / tasks)) {
      out.println("Slowest tasks:");
      for (EmbeddingMetrics.SlowTask task : slowest) {
        out.println(
            format(
                "  partition %d on %s (executor %s): %.1f s, %,d rows, %,d tokens",
                task.partition(),
                task.host(),
                task.executor(),
                task.seconds(),
                task.rows(),
                task.tokens()));
      }
    }
  }

  /** Adds its fields to the record of a run. */
  void addTo(ObjectNode result) {
    result.put("repeatedTexts", repeated);
    result.put("padding", padding);
    result.put("batches", batches);
    result.put("batchesHalvedForMemory", halvings);
    result.put("seconds", elapsed);
    result.put("rowsPerSecond", rowsPerSecond());
    result.put("tokensPerSecond", tokensPerSecond());
    result.put("tasks", tasks);
    result.put("failedTasks", failedTasks);
    result.put("tasksWithoutGpu", withoutGpu);
    result
        .putObject("taskSeconds")
        .put("all", all)
        .put("read", read)
        .put("tokenize", tokenize)
        .put("wait", waiting)
        .put("write", write)
        .put("model", model);
    ArrayNode tasks = result.putArray("slowestTasks");
    for (EmbeddingMetrics.SlowTask task : slowest) {
      tasks
          .addObject()
          .put("partition", task.partition())
          .put("executor", task.executor())
          .put("host", task.host())
          .put("rows", task.rows())
          .put("tokens", task.tokens())
          .put("seconds", task.seconds());
    }
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
