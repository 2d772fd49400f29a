package io.embark.spark.executor;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener that stops what runs when an executor's canary has drifted. Spark would try the task
 * again on an executor that is sound, with nobody the wiser.
 */
public final class CanaryWatch extends SparkListener {
  private static final Logger LOG = LoggerFactory.getLogger(CanaryWatch.class);
  private static final Map<SparkContext, CanaryWatch> WATCHES = new HashMap<>();

  private final SparkContext context;
  private volatile String drift;

  private CanaryWatch(SparkContext context) {
    this.context = context;
  }

  /** The watch over an application, set up the first time. */
  public static synchronized CanaryWatch on(SparkContext context) {
    // A watch holds its context, which the map alone would never let go.
    WATCHES.keySet().removeIf(SparkContext::isStopped);
    CanaryWatch watch = WATCHES.get(context);
    if (watch == null) {
      watch = new CanaryWatch(context);
      context.addSparkListener(watch);
      WATCHES.put(context, watch);
    }
    return watch;
  }

  /**
   * @throws Canary.Drift if some executor drifted meanwhile, even where others did the work
   */
  public void during(Runnable work) {
    drift = null;
    try {
      work.run();
    } catch (Exception e) {
      requireNoDrift(e);
      throw e;
    }
    requireNoDrift(null);
  }

  private void requireNoDrift(Exception failure) {
    if (!context.isStopped()) {
      try {
        context.listenerBus().waitUntilEmpty();
      } catch (TimeoutException e) {
        LOG.debug("The driver is busy; what its listeners have heard so far has to do.", e);
      }
    }
    if (drift != null) {
      Canary.Drift found = new Canary.Drift(drift);
      if (failure != null) {
        found.addSuppressed(failure);
      }
      throw found;
    }
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

  /** The canary's message, or null if the task failed for another reason. */
  private static String message(ExceptionFailure failure) {
    Throwable e = failure.exception().isDefined() ? failure.exception().get() : null;
    for (; e != null; e = e.getCause()) {
      if (e instanceof Canary.Drift) {
        return e.getMessage();
      }
    }
    // Spark sends the text even where the exception itself could not be sent.
    String name = Canary.Drift.class.getName() + ": ";
    int at = failure.fullStackTrace().indexOf(name);
    return at < 0
        ? null
        : failure.fullStackTrace().substring(at + name.length()).lines().findFirst().orElse(null);
  }
}
