package io.embark.bench;

import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;

/** The time that tasks ran, of all that end while it listens. */
final class TaskSeconds extends SparkListener {
  private final AtomicLong millis = new AtomicLong();

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    if (event.taskMetrics() != null) {
      millis.addAndGet(event.taskMetrics().executorRunTime());
    }
  }

  /**
   * The time that the tasks of some work ran, in seconds.
   *
   * @throws TimeoutException if Spark does not say within ten seconds what its tasks took
   */
  static double of(SparkSession spark, Runnable work) throws TimeoutException {
    TaskSeconds tasks = new TaskSeconds();
    spark.sparkContext().addSparkListener(tasks);
    try {
      work.run();
      spark.sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      spark.sparkContext().removeSparkListener(tasks);
    }
    return tasks.millis.get() / 1e3;
  }
}
