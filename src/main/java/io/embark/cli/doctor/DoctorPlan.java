package io.embark.cli.doctor;

import io.embark.cli.Words;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.cli.embed.TaskSize;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings for a job on the places that were measured, and the time it will take.
 *
 * @param tasksPerGpu 0 where no GPU was found
 * @param tokensPerSecond of all slots together, at the length of the rows
 * @param slots tasks at the same time when all executors have come
 * @param measuredSlots those of the places that were measured
 * @param partitions tasks for these rows; 0 if their number is not known
 * @param seconds estimated for these rows; negative if not known
 */
record DoctorPlan(
    int tokenBudget,
    int tasksPerGpu,
    double tokensPerSecond,
    int slots,
    int measuredSlots,
    long rows,
    double tokensPerRow,
    int partitions,
    double seconds,
    String flags) {
  /**
   * @param places those that were measured, at least one
   * @param tokenized tokens per second that one thread of the driver tokenises
   * @param threads tasks that shared a place when its speed was measured
   * @param planned slots there are or will be; places to come are taken to be like those measured
   * @param rows 0 if not known
   */
  static DoctorPlan of(
      List<Place> places,
      double tokenized,
      int threads,
      int planned,
      int coresPerTask,
      long rows,
      double tokensPerRow) {
    int[] budgets = places.stream().mapToInt(place -> place.speeds.budget()).sorted().toArray();
    int budget = budgets[budgets.length / 2];
    double each =
        places.stream()
            .mapToDouble(place -> speedAt(place.speeds, tokensPerRow))
            .average()
            .orElse(0);
    int measured = places.size() * threads;
    int slots = Math.max(measured, planned);
    double all = each * slots / threads;
    boolean gpu = places.stream().anyMatch(place -> place.gpu);
    int tasksPerGpu = gpu ? tasksPerGpu(each, tokenized) : 0;
    int partitions = 0;
    double seconds = -1;
    if (rows > 0) {
      int tasks = gpu ? Math.max(1, tasksPerGpu * slots / threads) : slots;
      double total = rows * tokensPerRow;
      partitions = TaskSize.ofSpeed(all / tasks).tasks((long) total, tasks);
      double slowestLoad = places.stream().mapToLong(p -> p.loadMillis).max().orElse(0) / 1000.0;
      seconds = TaskSize.embedSeconds(total, all, tasks, partitions) + slowestLoad;
    }
    List<String> flags = new ArrayList<>();
    flags.add("--token-budget " + budget);
    if (partitions > 0) {
      flags.add("--partitions " + partitions);
    }
    if (gpu) {
      // Rounded down: the fractions of all tasks must not exceed one GPU.
      double fraction = Math.floor(1000.0 / tasksPerGpu) / 1000;
      flags.add(
          Words.of(
              "--spark --conf spark.executor.resource.gpu.amount=1 --conf"
                  + " spark.task.resource.gpu.amount=%.3f --conf spark.executor.cores=%d",
              fraction, tasksPerGpu * coresPerTask));
    }
    return new DoctorPlan(
        budget,
        tasksPerGpu,
        all,
        slots,
        measured,
        rows,
        tokensPerRow,
        partitions,
        seconds,
        String.join(" ", flags));
  }

  /** Enough tasks to tokenise as fast as the GPU computes, and one more to overlap the rest. */
  private static int tasksPerGpu(double computed, double tokenized) {
    return (int) Math.max(2, Math.min(16, 1 + Math.ceil(computed / Math.max(1, tokenized))));
  }

  /** The speed at a length, interpolated between two that were measured. */
  static double speedAt(SessionProbe.Speeds measured, double tokens) {
    List<SessionProbe.Speed> speeds = measured.speeds();
    SessionProbe.Speed before = speeds.get(0);
    for (SessionProbe.Speed speed : speeds) {
      if (tokens <= before.length()) {
        return before.tokensPerSecond();
      }
      if (tokens <= speed.length()) {
        double fraction = (tokens - before.length()) / (speed.length() - before.length());
        return before.tokensPerSecond()
            + fraction * (speed.tokensPerSecond() - before.tokensPerSecond());
      }
      before = speed;
    }
    return before.tokensPerSecond();
  }
}
