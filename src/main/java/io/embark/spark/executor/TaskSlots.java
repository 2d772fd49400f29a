package io.embark.spark.executor;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext$;

/** The number of tasks that run at the same time in this JVM, and the threads of its sessions. */
final class TaskSlots {
  /** As executors of every cluster manager are told. */
  private static final Pattern GIVEN_CORES = Pattern.compile(" --cores (\\d{1,6})\\b");

  private TaskSlots() {}

  static int of(SparkConf conf) {
    return of(conf, System.getProperty("sun.java.command", ""));
  }

  /**
   * @param command that started the JVM: where {@code spark.executor.cores} is not set, a cluster
   *     manager gives an executor all cores of its worker or just one, and only there it says how
   *     many
   */
  static int of(SparkConf conf, String command) {
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
   * Settings with a number of threads, where they leave it open. A session's thread pool is shared
   * by the task slots, and each running task adds its own thread. With one CPU per task that is all
   * it takes; with more, the pool gets the rest.
   *
   * @param conf null without Spark
   */
  static EmbedderConfig withThreads(EmbedderConfig config, SparkConf conf) {
    if (config.get(Setting.INTRA_OP_THREADS) != 0) {
      return config;
    }
    int threads = conf == null ? 1 : of(conf) * (conf.getInt("spark.task.cpus", 1) - 1) + 1;
    return config.toBuilder().intraOpThreads(threads).build();
  }
}
