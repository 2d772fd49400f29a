package io.embark.spark.executor;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext$;
import org.apache.spark.SparkEnv;

/**
 * Settings of a JVM rather than of one embedding: read from Spark's configuration under {@code
 * spark.embark.executor.}, and fixed when the JVM starts. With them the number of its tasks, from
 * which follow the threads of its sessions.
 *
 * @param models models kept open on one device
 * @param idle how long a model is kept open that no task uses
 */
public record ExecutorSettings(int models, Duration idle) {
  public static final String PREFIX = "spark.embark.executor.";

  public static final Setting<Integer> MODELS =
      Setting.declare("models", "N", "4")
          .says("Models, or variants of one, kept open on a device; those in use are never closed")
          .number(1, 1000);

  public static final Setting<Integer> IDLE_MINUTES =
      Setting.declare("idle-minutes", "MINUTES", "30")
          .says("How long a model is kept open that no task uses")
          .number(1, 1_000_000);

  /** As executors of every cluster manager are told. */
  private static final Pattern GIVEN_CORES = Pattern.compile(" --cores (\\d{1,6})\\b");

  /** Every setting, in the order of the documentation. */
  public static final List<Setting<?>> ALL = List.of(MODELS, IDLE_MINUTES);

  /** Those of the running Spark application, or the defaults without one. */
  static ExecutorSettings ofThisJvm() {
    return of(SparkEnv.get() == null ? new SparkConf(false) : SparkEnv.get().conf());
  }

  /**
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

  /** The number of tasks that run at the same time in this JVM. */
  static int taskSlots(SparkConf conf) {
    return taskSlots(conf, System.getProperty("sun.java.command", ""));
  }

  /**
   * Where {@code spark.executor.cores} is not set, a cluster manager gives an executor all cores of
   * its worker or just one, and only the command that started the JVM says how many.
   */
  static int taskSlots(SparkConf conf, String command) {
    int cores = localCores(conf.get("spark.master", ""));
    if (cores == 0) {
      Matcher given = GIVEN_CORES.matcher(command);
      cores =
          given.find() ? Integer.parseInt(given.group(1)) : conf.getInt("spark.executor.cores", 1);
    }
    return Math.max(1, cores / conf.getInt("spark.task.cpus", 1));
  }

  /** Of a local master; 0 for any other. */
  private static int localCores(String master) {
    return master.equals("local") || master.startsWith("local[")
        ? SparkContext$.MODULE$.numDriverCores(master)
        : 0;
  }

  /**
   * Settings with a number of threads, where they leave it open. The task slots share a session's
   * thread pool, and each running task adds its own thread: with one CPU per task that is all it
   * takes, with more the pool gets the rest.
   */
  static EmbedderConfig withThreads(EmbedderConfig config, SparkConf conf) {
    if (config.get(Setting.INTRA_OP_THREADS) != 0) {
      return config;
    }
    int threads = conf == null ? 1 : taskSlots(conf) * (conf.getInt("spark.task.cpus", 1) - 1) + 1;
    return config.toBuilder().intraOpThreads(threads).build();
  }
}
