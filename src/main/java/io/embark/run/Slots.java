package io.embark.run;

import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/** How many tasks run at the same time. */
public final class Slots {
  /** Beyond this a limit on executors is no plan but the absence of one. */
  private static final int MOST_EXECUTORS = 10_000;

  private Slots() {}

  /** The slots there are, or will be when all executors that were asked for have come. */
  public static int of(SparkContext context) {
    int now =
        context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
    SparkConf conf = context.getConf();
    int executors = conf.getInt("spark.executor.instances", 0);
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      int most = conf.getInt("spark.dynamicAllocation.maxExecutors", Integer.MAX_VALUE);
      executors = most <= MOST_EXECUTORS ? most : executors;
    }
    int each =
        conf.getInt("spark.executor.cores", 1) / Math.max(1, conf.getInt("spark.task.cpus", 1));
    return Math.max(1, Math.max(now, executors * Math.max(1, each)));
  }

  /** Tasks that share a GPU; 0 if tasks are not given any. */
  public static int tasksPerGpu(SparkConf conf) {
    double amount = conf.getDouble("spark.task.resource.gpu.amount", 0);
    return amount <= 0 ? 0 : (int) Math.max(1, Math.round(1 / amount));
  }
}
