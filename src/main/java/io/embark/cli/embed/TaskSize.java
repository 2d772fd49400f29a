package io.embark.cli.embed;

import io.embark.cli.Slots;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.onnx.Device;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/**
 * The work that one task should be, in tokens that the model computes.
 *
 * @param negligible about one second: the least worth a task
 * @param least about twenty seconds: below this, starting a task and writing a file of its own is
 *     no longer small beside the work
 * @param most some minutes: what a lost task costs to do again
 */
public record TaskSize(long negligible, long least, long most) {
  private static final double CPU_TOKENS_PER_SECOND = 5_000;
  private static final double GPU_TOKENS_PER_SECOND = 100_000;
  private static final int LEAST_SECONDS = 20;
  private static final int MOST_SECONDS = 400;

  /** Waves of tasks aimed at: the last one may be uneven, and slots may differ in speed. */
  private static final int WAVES = 4;

  private static final int MOST_TASKS = 100_000;

  /** UTF-8 bytes per token: about 4 letters of English, one sign and a bit of Chinese. */
  private static final int BYTES_PER_TOKEN = 4;

  /** Special tokens, and the little that a row costs by itself. */
  private static final int TOKENS_OF_A_ROW = 2;

  /** How many tokens are tokenised in the time that a model takes for one. */
  private static final int TOKENIZED_PER_COMPUTED = 32;

  /** For a speed of one task slot that was measured. */
  public static TaskSize ofSpeed(double tokensPerSecond) {
    double speed = Math.max(1, tokensPerSecond);
    return new TaskSize(
        (long) speed, (long) (LEAST_SECONDS * speed), (long) (MOST_SECONDS * speed));
  }

  /** For the device that is asked for, by what a small model does on it; large ones are slower. */
  static TaskSize of(SparkContext context, EmbedderConfig config) {
    Device device = config.get(Setting.DEVICE);
    int tasksPerGpu = Slots.tasksPerGpu(context.getConf());
    boolean gpu = device.needsGpu() || device == Device.AUTO && tasksPerGpu > 0;
    return ofSpeed(gpu ? GPU_TOKENS_PER_SECOND / Math.max(1, tasksPerGpu) : CPU_TOKENS_PER_SECOND);
  }

  /**
   * What embedding one text costs, guessed from its length: at most {@code maxLength} tokens
   * computed, and all of it tokenised.
   */
  static Column estimatedTokens(Column text, int maxLength) {
    Column all =
        functions.coalesce(
            functions.floor(functions.octet_length(text).divide(BYTES_PER_TOKEN)),
            functions.lit(0L));
    return functions
        .least(all.plus(TOKENS_OF_A_ROW), functions.lit((long) maxLength))
        .plus(functions.floor(all.divide(TOKENIZED_PER_COMPUTED)))
        .cast("long");
  }

  /** The number of tasks for so many tokens, as far as possible whole waves of the slots. */
  public int tasks(long tokens, int slots) {
    if (tokens <= slots * least) {
      long worthOne = (tokens + negligible - 1) / negligible;
      return (int) Math.max(1, Math.min(slots, worthOne));
    }
    long waves = Math.min(WAVES, tokens / (slots * least));
    long needed = (tokens + most - 1) / most;
    waves = Math.max(waves, (needed + slots - 1) / slots);
    // More tasks than this cost the driver more than they save; then tasks get larger instead.
    return (int) Math.max(slots, Math.min(MOST_TASKS, waves * slots));
  }

  /**
   * Seconds in which so many even tasks compute, the slots idle in the last wave counted.
   *
   * @param tokensPerSecond of all slots together
   */
  public static double embedSeconds(double tokens, double tokensPerSecond, int slots, int tasks) {
    double waves = Math.ceil((double) tasks / slots);
    return tokens / tokensPerSecond * (waves * slots / tasks);
  }
}
