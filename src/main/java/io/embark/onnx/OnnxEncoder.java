package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.batch.Batch;
import io.embark.pooling.TokenStates;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * One ONNX Runtime session: a batch in, its token states out. Owns the session and closes it. Safe
 * for use by several threads at once; they share the weights.
 */
public final class OnnxEncoder implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final OnnxModel model;
  private final DeviceChoice device;
  private final Set<String> outputs = new LinkedHashSet<>();
  private final int hiddenSize;

  /** Read: a batch is running. Write: closing, which must wait, as the native side does not. */
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();

  private boolean closed;

  private OnnxEncoder(OrtSession session, OnnxModel model, DeviceChoice device, boolean pooler)
      throws OrtException {
    this.session = session;
    this.model = model;
    this.device = device;
    outputs.add(model.hidden());
    if (pooler) {
      outputs.add(model.pooler());
    }
    // A graph may leave its hidden size open, and may fail only when run: find both out here.
    this.hiddenSize = encode(probe()).hiddenSize();
  }

  /**
   * Opens a model and runs one tiny batch through it.
   *
   * @param onnxFile the graph; external data files are looked for beside it
   * @param intraOpThreads threads for one batch; 1 when several tasks share the session
   * @param pooler whether the model's own pooler output is wanted too
   * @throws IllegalArgumentException if the file is not a model Embark can run, with what was found
   */
  public static OnnxEncoder open(
      Path onnxFile, DeviceChoice device, int intraOpThreads, boolean pooler) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession session = null;
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(intraOpThreads);
      options.setInterOpNumThreads(1);
      device.addTo(options);
      session = environment.createSession(onnxFile.toString(), options);
      OnnxModel model = OnnxModel.describe(session, onnxFile.toString());
      if (pooler && model.pooler() == null) {
        throw new IllegalArgumentException(
            ("Cannot pool with pooler: model %s has outputs %s and none of them is a pooler output"
                    + " [batch, hiddenSize]. Use mean, or export the model with its pooler.")
                .formatted(onnxFile, model.outputs()));
      }
      return new OnnxEncoder(session, model, device, pooler);
    } catch (OrtException e) {
      closeQuietly(session, e);
      throw new IllegalArgumentException(
          "ONNX Runtime cannot run %s on %s: %s"
              .formatted(onnxFile, device.label(), e.getMessage()),
          e);
    } catch (RuntimeException e) {
      closeQuietly(session, e);
      throw e;
    }
  }

  private static void closeQuietly(OrtSession session, Exception cause) {
    if (session != null) {
      try {
        session.close();
      } catch (OrtException e) {
        cause.addSuppressed(e);
      }
    }
  }

  private static Batch probe() {
    return new Batch(new int[] {0}, 2, new long[] {0, 0}, new long[] {1, 1}, 2);
  }

  /**
   * Runs one batch.
   *
   * @return states {@code [batch.size(), batch.length(), hiddenSize()]}, a copy that outlives the
   *     session's own buffers
   * @throws IllegalStateException after {@link #close()}, or if ONNX Runtime fails; no row is
   *     dropped silently
   */
  public TokenStates encode(Batch batch) {
    inUse.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("This encoder has been closed.");
      }
      return run(batch);
    } catch (OrtException e) {
      throw new IllegalStateException(
          "ONNX Runtime failed on a batch of %d rows x %d tokens on %s: %s"
              .formatted(batch.size(), batch.length(), device.label(), e.getMessage()),
          e);
    } finally {
      inUse.readLock().unlock();
    }
  }

  private TokenStates run(Batch batch) throws OrtException {
    long[] shape = {batch.size(), batch.length()};
    try (OnnxTensor ids = tensor(batch.inputIds(), shape);
        OnnxTensor mask = tensor(batch.attentionMask(), shape);
        OnnxTensor types =
            model.tokenTypeIds() == null ? null : tensor(new long[batch.paddedTokens()], shape)) {
      Map<String, OnnxTensor> inputs = new HashMap<>();
      inputs.put(model.inputIds(), ids);
      inputs.put(model.attentionMask(), mask);
      if (types != null) {
        inputs.put(model.tokenTypeIds(), types);
      }
      try (OrtSession.Result result = session.run(inputs, outputs)) {
        OnnxTensor hidden = (OnnxTensor) result.get(model.hidden()).orElseThrow();
        long[] found = hidden.getInfo().getShape();
        if (found.length != 3 || found[0] != batch.size() || found[1] != batch.length()) {
          throw new IllegalStateException(
              "Output %s has shape %s for a batch of %d x %d; wanted [batch, length, hiddenSize]."
                  .formatted(model.hidden(), Arrays.toString(found), batch.size(), batch.length()));
        }
        return new TokenStates(
            floats(hidden),
            batch.attentionMask(),
            outputs.contains(model.pooler())
                ? floats((OnnxTensor) result.get(model.pooler()).orElseThrow())
                : null,
            batch.size(),
            batch.length(),
            (int) found[2]);
      }
    }
  }

  private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    if (!model.intInputs()) {
      return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
    }
    int[] ints = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      ints[i] = Math.toIntExact(values[i]);
    }
    return OnnxTensor.createTensor(environment, IntBuffer.wrap(ints), shape);
  }

  private static float[] floats(OnnxTensor tensor) {
    // A heap copy of exactly this tensor; half precision is widened on the way.
    FloatBuffer buffer = tensor.getFloatBuffer();
    if (buffer.hasArray() && buffer.array().length == buffer.remaining()) {
      return buffer.array();
    }
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  public OnnxModel model() {
    return model;
  }

  public DeviceChoice device() {
    return device;
  }

  /** Values per token state. */
  public int hiddenSize() {
    return hiddenSize;
  }

  /** Waits for running batches, then frees the session. Does nothing the second time. */
  @Override
  public void close() {
    inUse.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        session.close();
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed to close a session", e);
    } finally {
      inUse.writeLock().unlock();
    }
  }
}
