package io.embark.bench;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** The time that tasks ran, of all that end while it listens. */
final class TaskSeconds extends SparkListener {
  private final AtomicLong millis = new AtomicLong();

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    if (event.taskMetrics() != null) {
      millis.addAndGet(event.taskMetrics().executorRunTime());
    }
  }

  double seconds() {
    return millis.get() / 1e3;
  }
}
