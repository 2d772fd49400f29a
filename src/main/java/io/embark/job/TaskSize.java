package io.embark.job;

/**
 * How much work one task should be, in tokens that the model computes.
 *
 * @param negligible about one second: not worth moving rows for, and the least worth a task
 * @param least about twenty seconds: below this, starting a task and writing a file of its own is
 *     no longer small beside the work
 * @param most some minutes: what a lost task costs to do again
 */
record TaskSize(long negligible, long least, long most) {
  private static final double CPU_TOKENS_PER_SECOND = 5_000;
  private static final double GPU_TOKENS_PER_SECOND = 100_000;
  private static final int LEAST_SECONDS = 20;
  private static final int MOST_SECONDS = 400;

  /**
   * @param tokensPerSecond of one task slot
   */
  static TaskSize ofSpeed(double tokensPerSecond) {
    double speed = Math.max(1, tokensPerSecond);
    return new TaskSize(
        (long) speed, (long) (LEAST_SECONDS * speed), (long) (MOST_SECONDS * speed));
  }

  /** What a small model on one core does, within a factor of some; large ones are slower. */
  static TaskSize ofCpu() {
    return ofSpeed(CPU_TOKENS_PER_SECOND);
  }

  /** For a GPU that several tasks share. */
  static TaskSize ofGpu(int tasksPerGpu) {
    return ofSpeed(GPU_TOKENS_PER_SECOND / Math.max(1, tasksPerGpu));
  }
}
