package io.embark.spark.executor;

import io.embark.embed.EmbeddingStream;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** Ties streams to the Spark task that reads them. */
public final class TaskStreams {
  private TaskStreams() {}

  /**
   * Stops a stream when its task is killed, and closes it when the task ends for whatever reason: a
   * limit that is reached leaves a stream in the middle. Outside a task it changes nothing.
   */
  public static <T, R> EmbeddingStream<T, R> endWithTask(EmbeddingStream<T, R> stream) {
    TaskContext task = TaskContext.get();
    if (task != null) {
      // Typed, or the overload for Scala functions is just as good.
      TaskCompletionListener close = ended -> stream.close();
      task.addTaskCompletionListener(close);
      stream.stopWhen(task::isInterrupted);
    }
    return stream;
  }
}
