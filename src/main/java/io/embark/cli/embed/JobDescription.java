package io.embark.cli.embed;

import java.lang.reflect.Field;
import org.apache.spark.SparkContext;
import org.apache.spark.status.AppStatusListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import scala.collection.mutable.HashMap;

/**
 * Changes the description of a job that is running, as Spark's web UI and its REST API show it.
 * Spark itself can only set it before a job begins. This reaches for fields of Spark 3.5 that are
 * not meant for it; where they are not found, descriptions stay as they are.
 */
final class JobDescription {
  private static final Logger LOG = LoggerFactory.getLogger(JobDescription.class);
  private static volatile boolean possible = true;

  private JobDescription() {}

  /** Shown from the next heartbeat or end of a task on. */
  static void set(SparkContext context, int job, String text) {
    Option<AppStatusListener> listener = context.statusStore().listener();
    if (!possible || listener.isEmpty()) {
      return;
    }
    try {
      HashMap<?, ?> jobs =
          (HashMap<?, ?>) field(AppStatusListener.class, "liveJobs", listener.get());
      Object live = find(jobs, job);
      if (live != null) {
        Field description = live.getClass().getDeclaredField("description");
        description.setAccessible(true);
        description.set(live, Option.apply(text));
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      possible = false;
      LOG.debug("The web UI will not show how far jobs are", e);
    }
  }

  private static Object field(Class<?> type, String name, Object of)
      throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }

  @SuppressWarnings("unchecked")
  private static Object find(HashMap<?, ?> jobs, int job) {
    Option<Object> found = ((HashMap<Object, Object>) jobs).get(job);
    return found.isDefined() ? found.get() : null;
  }
}
