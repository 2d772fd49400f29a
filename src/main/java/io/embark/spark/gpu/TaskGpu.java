package io.embark.spark.gpu;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The GPU that Spark gave a task. */
public final class TaskGpu {
  private static final Logger LOG = LoggerFactory.getLogger(TaskGpu.class);
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /** What Spark's settings call a GPU: {@code spark.task.resource.gpu.amount}. */
  public static final String RESOURCE = "gpu";

  private TaskGpu() {}

  /**
   * The address as the discovery script printed it, or null if Spark manages no GPUs.
   *
   * @param task the running task, or null if there is none
   */
  public static String address(TaskContext task) {
    ResourceInformation gpu = task == null ? null : task.resourcesJMap().get(RESOURCE);
    return gpu == null ? null : choose(gpu.addresses(), task.taskAttemptId());
  }

  /**
   * One of a task's addresses, or null if there are none. A task works on one GPU; one that was
   * given several takes turns with the tasks before and after it, so that none stays idle for good.
   */
  static String choose(String[] addresses, long taskAttemptId) {
    if (addresses.length == 0) {
      return null;
    }
    if (addresses.length > 1 && WARNED.compareAndSet(false, true)) {
      LOG.warn(
          "Spark gives each task {} GPUs {}, and a task uses one at a time: set"
              + " spark.task.resource.gpu.amount to 1 or less.",
          addresses.length,
          Arrays.toString(addresses));
    }
    return addresses[(int) (taskAttemptId % addresses.length)];
  }
}
