package io.embark.spark.executor;

import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * Stops what runs when an executor's canary has drifted. Left to itself Spark would try the task
 * again, on an executor that is sound, and the job would end well with nobody the wiser.
 */
public final class CanaryWatch extends SparkListener {
  private static final Map<SparkContext, CanaryWatch> WATCHES = new WeakHashMap<>();

  private final SparkContext context;
  private volatile String drift;

  private CanaryWatch(SparkContext context) {
    this.context = context;
  }

  /** The watch over an application, set up the first time. */
  public static synchronized CanaryWatch on(SparkContext context) {
    CanaryWatch watch = WATCHES.get(context);
    if (watch == null) {
      watch = new CanaryWatch(context);
      context.addSparkListener(watch);
      WATCHES.put(context, watch);
    }
    return watch;
  }

  /**
   * Runs some work.
   *
   * @throws CanaryDrift if some executor drifted meanwhile, even where the work was done by others
   *     before it could be stopped
   */
  public void during(Runnable work) {
    drift = null;
    try {
      work.run();
    } catch (Exception e) {
      CanaryDrift found = found().orElse(null);
      if (found != null) {
        found.addSuppressed(e);
        throw found;
      }
      throw e;
    }
    found()
        .ifPresent(
            e -> {
              throw e;
            });
  }

  private Optional<CanaryDrift> found() {
    if (!context.isStopped()) {
      try {
        context.listenerBus().waitUntilEmpty();
      } catch (java.util.concurrent.TimeoutException e) {
        // A driver this busy still has what its listeners have heard so far.
        return Optional.ofNullable(drift).map(CanaryDrift::new);
      }
    }
    return Optional.ofNullable(drift).map(CanaryDrift::new);
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd event) {
    if (event.reason() instanceof ExceptionFailure failure) {
      String message = message(failure);
      if (message != null) {
        drift = message;
        context.cancelStage(event.stageId(), message);
      }
    }
  }

  /** What the canary said, or null if the task failed for another reason. */
  private static String message(ExceptionFailure failure) {
    Throwable e = failure.exception().isDefined() ? failure.exception().get() : null;
    for (; e != null; e = e.getCause()) {
      if (e instanceof CanaryDrift) {
        return e.getMessage();
      }
    }
    // Spark sends the text even where the exception itself could not be sent.
    String name = CanaryDrift.class.getName() + ": ";
    int at = failure.fullStackTrace().indexOf(name);
    return at < 0
        ? null
        : failure.fullStackTrace().substring(at + name.length()).lines().findFirst().orElse(null);
  }
}
