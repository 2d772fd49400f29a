package io.embark.spark.executor;

import io.embark.UserError;
import io.embark.embed.Setting;
import java.time.Duration;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/**
 * Settings of a JVM rather than of one embedding: read from Spark's configuration under {@code
 * spark.embark.executor.}, and fixed when the JVM starts.
 *
 * @param models models kept open on one device
 * @param idle how long a model is kept open that no task uses
 */
public record ExecutorSettings(int models, Duration idle) {
  public static final String PREFIX = "spark.embark.executor.";

  public static final Setting<Integer> MODELS =
      new Setting<>(
          "models",
          "N",
          "4",
          "Models, or variants of one, kept open on a device; those in use are never closed",
          text -> Setting.number(text, 1, 1000));

  public static final Setting<Integer> IDLE_MINUTES =
      new Setting<>(
          "idle-minutes",
          "MINUTES",
          "30",
          "How long a model is kept open that no task uses",
          text -> Setting.number(text, 1, 1_000_000));

  /** Every setting, in the order of the documentation. */
  public static final List<Setting<?>> ALL = List.of(MODELS, IDLE_MINUTES);

  /** Those of the running Spark application, or the defaults without one. */
  static ExecutorSettings ofThisJvm() {
    return of(SparkEnv.get() == null ? new SparkConf(false) : SparkEnv.get().conf());
  }

  /**
   * Those of an application.
   *
   * @throws UserError if a key is unknown or a value not allowed
   */
  public static ExecutorSettings of(SparkConf conf) {
    for (var entry : conf.getAllWithPrefix(PREFIX)) {
      if (ALL.stream().noneMatch(setting -> setting.key().equals(entry._1()))) {
        throw new UserError(
            "%s%s is set, but there is no such setting; known are %s."
                .formatted(
                    PREFIX,
                    entry._1(),
                    String.join(", ", ALL.stream().map(s -> PREFIX + s.key()).toList())));
      }
    }
    return new ExecutorSettings(read(conf, MODELS), Duration.ofMinutes(read(conf, IDLE_MINUTES)));
  }

  private static <T> T read(SparkConf conf, Setting<T> setting) {
    return setting.parse(conf.get(PREFIX + setting.key(), setting.defaultText()));
  }
}
