package io.embark.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.RunOptions;
import java.util.HashSet;
import java.util.Set;

/**
 * Stops, from any thread, the batches that run under it, and refuses later ones. A running batch
 * ends after the operator of the graph that it is at.
 */
public final class Cancellation {
  private final Set<RunOptions> running = new HashSet<>();
  private boolean cancelled;

  /** Stops what runs. Does nothing the second time. */
  public synchronized void cancel() {
    cancelled = true;
    for (RunOptions options : running) {
      try {
        options.setTerminate(true);
      } catch (OrtException e) {
        throw new IllegalStateException("ONNX Runtime cannot stop a running batch", e);
      }
    }
  }

  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /** Puts a run under this handle until {@link #end}, or throws if it is too late for that. */
  synchronized void begin(RunOptions options) {
    if (cancelled) {
      throw EncodingException.cancelled();
    }
    running.add(options);
  }

  /** After it returns nobody touches the options any more. */
  synchronized void end(RunOptions options) {
    running.remove(options);
  }
}
