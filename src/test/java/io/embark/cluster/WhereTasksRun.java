package io.embark.cluster;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A Spark application of 8 tasks that prints where each ran. Argument: how long a task takes, in
 * ms.
 */
public final class WhereTasksRun {
  private WhereTasksRun() {}

  public static void main(String[] args) {
    long milliseconds = Long.parseLong(args[0]);
    try (SparkSession spark = SparkSession.builder().appName("where-tasks-run").getOrCreate();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext())) {
      List<String> tasks =
          context
              .parallelize(IntStream.range(0, 8).boxed().toList(), 8)
              .map(
                  i -> {
                    Thread.sleep(milliseconds);
                    return i + " " + ProcessHandle.current().pid() + " " + gpuAddresses();
                  })
              .collect();
      System.out.println("driver: " + ProcessHandle.current().pid());
      tasks.forEach(task -> System.out.println("task: " + task));
    }
  }

  private static String gpuAddresses() {
    var gpu = TaskContext.get().resourcesJMap().get("gpu");
    return gpu == null ? "none" : String.join(",", gpu.addresses());
  }
}
