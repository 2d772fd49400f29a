package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.batch.Batch;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * One ONNX Runtime session: a batch in, its pooled vectors out. Owns the session and closes it.
 * Safe for use by several threads at once; they share the weights.
 */
public final class OnnxEncoder implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final ModelInputs inputs;
  private final List<PooledModel.Output> outputs;
  private final DeviceChoice device;

  /** Read: a batch is running. Write: closing, which must wait, as the native side does not. */
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();

  private boolean closed;

  private OnnxEncoder(
      OrtSession session,
      ModelInputs inputs,
      List<PooledModel.Output> outputs,
      DeviceChoice device) {
    this.session = session;
    this.inputs = inputs;
    this.outputs = outputs;
    this.device = device;
    // A graph may fail only when it is run: find that out here.
    encode(new Batch(new int[] {0}, 2, new long[] {0, 0}, new long[] {1, 1}, 2), new long[] {1, 1});
  }

  /**
   * Opens a model with poolings added to its graph and runs one tiny batch through it.
   *
   * @param onnxFile the graph; external data files are looked for beside it
   * @param intraOpThreads threads for one batch; 1 when several tasks share the session
   * @param wanted what to return of each batch, in this order
   * @param mask which tokens are pooled
   * @throws IllegalArgumentException if the file is not a model Embark can run, or cannot give one
   *     of the outputs, with what was found
   */
  public static OnnxEncoder open(
      Path onnxFile,
      DeviceChoice device,
      int intraOpThreads,
      List<? extends GraphOutput> wanted,
      PoolingMask mask) {
    PooledModel model = PooledGraph.of(onnxFile).add(wanted, mask);
    OrtSession session = null;
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(intraOpThreads);
      options.setInterOpNumThreads(1);
      device.addTo(options);
      session = model.open(OrtEnvironment.getEnvironment(), options);
      ModelInputs inputs = ModelInputs.of(session, onnxFile.toString());
      return new OnnxEncoder(session, inputs, model.outputs(), device);
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

  /** {@link #encode(Batch, long[], Cancellation)} that nobody can stop. */
  public List<float[]> encode(Batch batch, long[] poolingMask) {
    return encode(batch, poolingMask, new Cancellation());
  }

  /**
   * Runs one batch.
   *
   * @param poolingMask {@code [batch.size(), batch.length()]}, not 0 for a token that is pooled;
   *     read only if the encoder was opened with {@link PoolingMask#SEPARATE}, else may be null
   * @param cancellation through which another thread may stop the batch
   * @return for each output its values, row-major {@code [batch.size(), dim]} for vectors and
   *     {@code [batch.size(), batch.length(), dim]} for token states; copies that outlive the
   *     session's own buffers
   * @throws EncodingException if ONNX Runtime fails or was stopped; no row is dropped silently
   * @throws IllegalStateException after {@link #close()}
   */
  public List<float[]> encode(Batch batch, long[] poolingMask, Cancellation cancellation) {
    inUse.readLock().lock();
    try (RunOptions options = new RunOptions()) {
      if (closed) {
        throw new IllegalStateException("This encoder has been closed.");
      }
      cancellation.begin(options);
      try {
        return run(batch, poolingMask, options);
      } finally {
        cancellation.end(options);
      }
    } catch (OrtException e) {
      throw failure(batch, cancellation, e);
    } finally {
      inUse.readLock().unlock();
    }
  }

  private EncodingException failure(Batch batch, Cancellation cancellation, OrtException e) {
    EncodingException.Reason reason =
        cancellation.isCancelled()
            ? EncodingException.Reason.CANCELLED
            : EncodingException.Reason.GRAPH;
    return new EncodingException(
        reason,
        "ONNX Runtime failed on a batch of %d rows x %d tokens on %s: %s"
            .formatted(batch.size(), batch.length(), device.label(), e.getMessage()),
        e);
  }

  private List<float[]> run(Batch batch, long[] poolingMask, RunOptions options)
      throws OrtException {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try {
      long[] shape = {batch.size(), batch.length()};
      tensors.put(ModelInputs.INPUT_IDS, tensor(batch.inputIds(), shape));
      tensors.put(GraphRequirements.ATTENTION_MASK, tensor(batch.attentionMask(), shape));
      if (inputs.tokenTypeIds()) {
        tensors.put(ModelInputs.TOKEN_TYPE_IDS, tensor(new long[batch.paddedTokens()], shape));
      }
      if (inputs.poolingMask()) {
        // Added by us, and always int64.
        tensors.put(
            PooledGraph.POOLING_MASK,
            OnnxTensor.createTensor(environment, LongBuffer.wrap(poolingMask), shape));
      }
      try (OrtSession.Result result = session.run(tensors, options)) {
        List<float[]> values = new ArrayList<>(outputs.size());
        for (PooledModel.Output output : outputs) {
          values.add(floats((OnnxTensor) result.get(output.name()).orElseThrow(), output, batch));
        }
        return values;
      }
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    if (!inputs.int32()) {
      return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
    }
    int[] ints = Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    return OnnxTensor.createTensor(environment, IntBuffer.wrap(ints), shape);
  }

  private static float[] floats(OnnxTensor tensor, PooledModel.Output output, Batch batch) {
    long wanted = output.dim() * (long) (output.rank() == 2 ? batch.size() : batch.paddedTokens());
    // A heap copy of exactly this tensor.
    FloatBuffer buffer = tensor.getFloatBuffer();
    if (buffer.remaining() != wanted) {
      throw new IllegalStateException(
          "Output %s has shape %s for a batch of %d rows x %d tokens; wanted are %d values."
              .formatted(
                  output.name(),
                  Arrays.toString(tensor.getInfo().getShape()),
                  batch.size(),
                  batch.length(),
                  wanted));
    }
    return buffer.array();
  }

  public DeviceChoice device() {
    return device;
  }

  /** What {@link #encode} returns, in this order. */
  public List<PooledModel.Output> outputs() {
    return outputs;
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
