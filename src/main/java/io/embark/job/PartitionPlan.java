package io.embark.job;

import java.util.Arrays;
import java.util.Locale;
import java.util.PriorityQueue;

/**
 * How the rows are split into tasks, decided from how much text each split of the input holds.
 *
 * <p>What counts is when the last task ends: splits are left as they are when, given to the slots
 * one after the other, they end little later than evenly filled slots would.
 *
 * @param step what is done with the input's splits
 * @param tasks how many there are then
 * @param reason what was found and why this follows, one line
 */
record PartitionPlan(Step step, int tasks, String reason) {
  /** Waves of tasks aimed at: the last one may be uneven, and slots may differ in speed. */
  private static final int WAVES = 4;

  /** Splits per wanted task above which small ones are joined. */
  private static final int TOO_MANY = 4;

  /** How much later than the even split the last task may end. */
  private static final double TOLERANCE = 1.2;

  private static final int MOST_TASKS = 100_000;

  /** What can be done with splits. */
  enum Step {
    /** Nothing. */
    KEEP,
    /** Neighbouring splits are read by one task; no row moves. */
    JOIN,
    /** Rows move: each task gets a stretch of the input with its share of the tokens. */
    CUT
  }

  /**
   * Decides.
   *
   * @param loads estimated tokens of each split, at least 0
   * @param slots tasks that run at the same time
   */
  static PartitionPlan of(long[] loads, int slots, TaskSize size) {
    long total = Arrays.stream(loads).sum();
    int wanted = tasks(total, slots, size);
    double best = (double) total / Math.min(slots, wanted);
    long end = lastEnd(loads, slots);
    long largest = Arrays.stream(loads).max().orElse(0);
    String found =
        words("%,d splits hold about %,d tokens, the largest %,d", loads.length, total, largest);
    boolean even = end <= TOLERANCE * best || end - best <= size.negligible();
    if (even && largest <= Math.max(size.most(), size.negligible())) {
      if (loads.length <= Math.max(TOO_MANY * wanted, slots)) {
        return new PartitionPlan(
            Step.KEEP, loads.length, found + words("; even enough for %d slots: kept", slots));
      }
      if (lastEnd(joined(loads, wanted), slots) <= TOLERANCE * best + size.negligible()) {
        return new PartitionPlan(
            Step.JOIN,
            wanted,
            found
                + words(
                    "; tasks that small cost more to start than to run: joined into %,d of about"
                        + " %,d tokens",
                    wanted, total / wanted));
      }
    }
    String why =
        even
            ? "a lost task would cost too much to do again"
            : words(
                "left so, the last task would end %.1f times later than with even ones on %d slots",
                end / best, slots);
    return new PartitionPlan(
        Step.CUT,
        wanted,
        found + words("; %s: cut into %,d of about %,d tokens", why, wanted, total / wanted));
  }

  /** The number of tasks for so many tokens, as far as possible whole waves of the slots. */
  static int tasks(long total, int slots, TaskSize size) {
    if (total <= slots * size.least()) {
      long worthOne = (total + size.negligible() - 1) / size.negligible();
      return (int) Math.max(1, Math.min(slots, worthOne));
    }
    long waves = Math.min(WAVES, total / (slots * size.least()));
    long needed = (total + size.most() - 1) / size.most();
    waves = Math.max(waves, (needed + slots - 1) / slots);
    // So many tasks that the driver suffers help nobody; then tasks get larger instead.
    return (int) Math.max(slots, Math.min(MOST_TASKS, waves * slots));
  }

  /** When the last task ends if each starts on the first free slot, in this order; in tokens. */
  static long lastEnd(long[] loads, int slots) {
    PriorityQueue<Long> free = new PriorityQueue<>();
    for (int i = 0; i < slots; i++) {
      free.add(0L);
    }
    long last = 0;
    for (long load : loads) {
      long end = free.remove() + load;
      last = Math.max(last, end);
      free.add(end);
    }
    return last;
  }

  /** The loads of groups of neighbours, as many in each. */
  private static long[] joined(long[] loads, int groups) {
    long[] sums = new long[groups];
    for (int i = 0; i < loads.length; i++) {
      sums[(int) ((long) i * groups / loads.length)] += loads[i];
    }
    return sums;
  }

  private static String words(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
