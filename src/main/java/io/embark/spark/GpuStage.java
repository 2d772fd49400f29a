package io.embark.spark;

import io.embark.UserError;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.gpu.GpuStagePlan;
import io.embark.spark.gpu.TaskGpu;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceProfile;
import org.apache.spark.resource.TaskResourceRequests;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Dataset$;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.SparkStrategy;

/**
 * Asks for GPUs for the stage that embeds, and for no other: Spark's stage-level scheduling, for a
 * {@code Dataset}.
 *
 * <p>With dynamic allocation Spark starts executors with one GPU each for this stage, beside the
 * ones without. Without it the executors' GPUs are there from the start ({@code
 * spark.executor.resource.gpu.amount}), and only how many tasks share one holds for this stage
 * alone. Stages end at shuffles: what is read without one before, and what is written after, runs
 * on the GPUs' executors too.
 *
 * @param tasksPerGpu tasks that share a GPU
 * @param discoveryScript path of a script on the executors that prints their GPUs, for executors
 *     that Spark starts for this stage on YARN and Kubernetes; may be empty
 */
public record GpuStage(int tasksPerGpu, String discoveryScript) {
  private static final String AMOUNT = "spark.executor.resource.gpu.amount";
  private static final String TASK_AMOUNT = "spark.task.resource.gpu.amount";
  private static final String DYNAMIC = "spark.dynamicAllocation.enabled";

  /**
   * The same rows, computed in a stage that has GPUs.
   *
   * @throws UserError if this cluster cannot do that, with the reason
   */
  public Dataset<Row> around(Dataset<Row> rows) {
    SparkSession session = rows.sparkSession();
    require(session.sparkContext().getConf());
    ResourceProfile profile = profile(session.sparkContext().getConf());
    try {
      session.sparkContext().resourceProfileManager().isSupported(profile);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      // Scala declares no exceptions.
      throw refused(e.getMessage());
    }
    plan(session);
    return Dataset$.MODULE$.ofRows(session, new GpuStagePlan(profile, rows.logicalPlan()));
  }

  /**
   * Refuses what Spark would refuse later or, worse, let wait forever.
   *
   * @throws UserError if this cluster cannot do that, with the reason
   */
  public void require(SparkConf conf) {
    String master = conf.get("spark.master", "");
    if (!master.matches("yarn|(k8s|spark)://.*")) {
      throw refused(
          "Spark schedules stages by resources on standalone clusters, YARN and Kubernetes only,"
              + " and"
              + " the master is '%s'.".formatted(master));
    }
    boolean dynamic = conf.getBoolean(DYNAMIC, false);
    if (dynamic && (conf.contains(AMOUNT) || conf.contains(TASK_AMOUNT))) {
      throw refused(
          "with %s=true the executors of this stage get their GPUs by it, but %s or %s gives GPUs to"
                  .formatted(DYNAMIC, AMOUNT, TASK_AMOUNT)
              + " those of every stage: take these away.");
    }
    if (dynamic && !master.startsWith("spark://") && discoveryScript.isEmpty()) {
      throw refused(
          "executors that Spark starts on '%s' find their GPUs by a script: name it with gpu-script."
              .formatted(master));
    }
    if (!dynamic && !conf.contains(AMOUNT)) {
      throw refused(
          "without %s the executors must have their GPUs from the start: set %s."
              .formatted(DYNAMIC, AMOUNT));
    }
  }

  private static UserError refused(String why) {
    return new UserError(
        "gpu-stage: %s Or leave gpu-stage out.".formatted(why.endsWith(".") ? why : why + "."));
  }

  /** What each task of the stage asks for, and each executor if Spark starts them for it. */
  public ResourceProfile profile(SparkConf conf) {
    TaskResourceRequests task =
        new TaskResourceRequests()
            .cpus(conf.getInt("spark.task.cpus", 1))
            .resource(TaskGpu.RESOURCE, 1.0 / tasksPerGpu);
    if (!conf.getBoolean(DYNAMIC, false)) {
      return new TaskResourceProfile(task.requests());
    }
    boolean kubernetes = conf.get("spark.master", "").startsWith("k8s://");
    // Cores and memory are not copied from the executors without GPUs by every cluster manager.
    ExecutorResourceRequests executor =
        new ExecutorResourceRequests()
            .cores(conf.getInt("spark.executor.cores", tasksPerGpu))
            .memory(conf.get("spark.executor.memory", "1g"))
            .resource(TaskGpu.RESOURCE, 1, discoveryScript, kubernetes ? "nvidia.com" : "");
    if (conf.contains("spark.executor.memoryOverhead")) {
      executor.memoryOverhead(conf.get("spark.executor.memoryOverhead"));
    }
    return new ResourceProfileBuilder().require(task).require(executor).build();
  }

  /** Teaches a session to plan the stage, once. */
  private static void plan(SparkSession session) {
    synchronized (session) {
      List<SparkStrategy> strategies =
          new ArrayList<>(ScalaSeq.toJava(session.experimental().extraStrategies()));
      if (strategies.stream().noneMatch(GpuStagePlan.Strategy.class::isInstance)) {
        strategies.add(new GpuStagePlan.Strategy());
        session.experimental().extraStrategies_$eq(ScalaSeq.of(strategies));
      }
    }
  }
}
