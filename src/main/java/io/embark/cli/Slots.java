package io.embark.cli;

import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/** The tasks that run at the same time, by what Spark was asked for and what has come. */
public final class Slots {
  /** A larger limit on executors counts as none. */
  private static final int MOST_EXECUTORS = 10_000;

  private Slots() {}

  /** The slots there are, or will be when all executors that were asked for have come. */
  public static int of(SparkContext context) {
    SparkConf conf = context.getConf();
    int executors = conf.getInt("spark.executor.instances", 0);
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      int most = conf.getInt("spark.dynamicAllocation.maxExecutors", Integer.MAX_VALUE);
      executors = most <= MOST_EXECUTORS ? most : executors;
    }
    return Math.max(1, Math.max(present(context), executors * Math.max(1, asked(conf))));
  }

  /** The slots of the executors that have registered. */
  public static int present(SparkContext context) {
    return context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
  }

  /**
   * Tasks that one executor runs at the same time: as many as were asked for, else what there is.
   *
   * @param present slots of the {@code registered} executors
   */
  public static int ofExecutor(SparkConf conf, int present, int registered) {
    int asked = asked(conf);
    return asked > 0 ? asked : Math.max(1, present / Math.max(1, registered));
  }

  /** Slots of an executor by its cores and GPUs; 0 if nobody said how many cores it has. */
  private static int asked(SparkConf conf) {
    int cores = conf.getInt("spark.executor.cores", 0);
    if (cores <= 0) {
      return 0;
    }
    int slots = Math.max(1, cores / Math.max(1, conf.getInt("spark.task.cpus", 1)));
    int gpus = conf.getInt("spark.executor.resource.gpu.amount", 0);
    int tasksPerGpu = tasksPerGpu(conf);
    return gpus > 0 && tasksPerGpu > 0 ? Math.min(slots, gpus * tasksPerGpu) : slots;
  }

  /** Tasks that share a GPU; 0 if tasks are not given any. */
  public static int tasksPerGpu(SparkConf conf) {
    double amount = conf.getDouble("spark.task.resource.gpu.amount", 0);
    return amount <= 0 ? 0 : (int) Math.max(1, Math.round(1 / amount));
  }
}
