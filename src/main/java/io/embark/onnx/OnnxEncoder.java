package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.UserError;
import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.GraphRequirements;
import io.embark.onnx.graph.ModelInputs;
import io.embark.onnx.graph.PooledGraph;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.graph.PoolingMask;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One ONNX Runtime session: a batch in, its pooled vectors out. Owns the session and closes it.
 * Safe for use by several threads at once; they share the weights.
 */
public final class OnnxEncoder implements Encoder {
  /** The smallest that has a mean and a last token. */
  private static final Batch SMALLEST =
      new Batch(new int[] {0}, 2, new long[] {0, 0}, new long[] {1, 1}, 2);

  private final OrtSession session;
  private final ModelInputs inputs;
  private final List<PooledModel.Output> outputs;
  private final DeviceChoice device;
  private final boolean takesPadding;
  private final BufferPool pool = new BufferPool();

  /** Read: a batch is running. Write: closing, which must wait, as the native side does not. */
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();

  private boolean closed;

  private OnnxEncoder(
      OrtSession session,
      ModelInputs inputs,
      List<PooledModel.Output> outputs,
      DeviceChoice device,
      boolean takesPadding) {
    this.session = session;
    this.inputs = inputs;
    this.outputs = outputs;
    this.device = device;
    this.takesPadding = takesPadding;
    // A graph may fail only when it is run: find that out here.
    check(new Cancellation());
  }

  /** {@link #open(Path, Execution, List, PoolingMask)} with the defaults of a GPU. */
  public static OnnxEncoder open(
      Path onnxFile,
      DeviceChoice device,
      int intraOpThreads,
      List<? extends GraphOutput> wanted,
      PoolingMask mask) {
    return open(onnxFile, new Execution(device, intraOpThreads, GpuOptions.DEFAULT), wanted, mask);
  }

  /**
   * Opens a model with poolings added to its graph and runs one tiny batch through it.
   *
   * @param onnxFile the graph; external data files are looked for beside it
   * @param execution where and how it runs
   * @param wanted what to return of each batch, in this order
   * @param mask which tokens are pooled
   * @throws UserError if the file is not a model Embark can run, or cannot give one of the outputs,
   *     with what was found
   */
  public static OnnxEncoder open(
      Path onnxFile, Execution execution, List<? extends GraphOutput> wanted, PoolingMask mask) {
    return open(onnxFile, execution, wanted, mask, Precision.FLOAT, List::of);
  }

  /**
   * {@link #open(Path, Execution, List, PoolingMask)} in another precision.
   *
   * @param texts token ids to measure a reduced precision with, special tokens included; asked for
   *     only if they are needed
   * @throws UserError also if the model does not suit the precision, or the device is a GPU and the
   *     precision is for CPUs
   */
  public static OnnxEncoder open(
      Path onnxFile,
      Execution execution,
      List<? extends GraphOutput> wanted,
      PoolingMask mask,
      Precision precision,
      Supplier<List<long[]>> texts) {
    OnnxRuntimeJars.requireOne();
    precision.requireFor(execution.device());
    PooledModel masked =
        prepared(PooledGraph.of(onnxFile).add(wanted, mask), precision, texts, onnxFile);
    Optional<PooledModel> unmasked =
        execution.padded() ? Optional.empty() : UnmaskedAttention.of(masked);
    PooledModel model = unmasked.orElse(masked);
    OrtEnvironment environment = OnnxRuntimeLibrary.environment();
    OrtSession session = null;
    try (SessionOptions options = new SessionOptions()) {
      execution.addTo(options, model);
      session = model.open(environment, options);
      ModelInputs inputs = ModelInputs.of(session, onnxFile.toString());
      return new OnnxEncoder(
          session, inputs, model.outputs(), execution.device(), unmasked.isEmpty());
    } catch (OrtException e) {
      closeQuietly(session, e);
      throw new UserError(
          "ONNX Runtime cannot run %s on %s: %s"
              .formatted(onnxFile, execution.device().label(), e.getMessage()),
          e);
    } catch (RuntimeException e) {
      closeQuietly(session, e);
      throw e;
    }
  }

  private static PooledModel prepared(
      PooledModel model, Precision precision, Supplier<List<long[]>> texts, Path onnxFile) {
    try {
      return precision.prepare(model, texts);
    } catch (IllegalArgumentException e) {
      throw new UserError("Model `" + onnxFile + "`: " + e.getMessage(), e);
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

  /**
   * {@link #encode(Batch, long[], Cancellation, Function)} that nobody stops.
   *
   * @return copies of the values
   */
  public List<float[]> encode(Batch batch, long[] poolingMask) {
    return encode(batch, poolingMask, new Cancellation(), OnnxEncoder::copies);
  }

  private static List<float[]> copies(List<FloatBuffer> views) {
    List<float[]> copies = new ArrayList<>(views.size());
    for (FloatBuffer view : views) {
      float[] copy = new float[view.remaining()];
      view.get(copy);
      copies.add(copy);
    }
    return copies;
  }

  @Override
  public void check(Cancellation cancellation) {
    encode(SMALLEST, SMALLEST.attentionMask(), cancellation, values -> null);
  }

  @Override
  public <T> T encode(
      Batch batch,
      long[] poolingMask,
      Cancellation cancellation,
      Function<List<FloatBuffer>, T> reader) {
    if (!takesPadding && batch.tokens() < batch.paddedTokens()) {
      throw new UserError(
          "This encoder takes batches without padding; found %d tokens in %d rows x %d."
              .formatted(batch.tokens(), batch.paddedRows(), batch.length()));
    }
    inUse.readLock().lock();
    RunBuffers buffers = null;
    try {
      if (closed) {
        throw new IllegalStateException("This encoder has been closed.");
      }
      buffers = pool.take();
      List<FloatBuffer> values;
      cancellation.begin(buffers.options());
      try {
        values = run(batch, poolingMask, buffers);
      } finally {
        cancellation.end(buffers.options());
      }
      return reader.apply(values);
    } catch (OrtException e) {
      throw failure(batch, device, cancellation, e);
    } finally {
      if (buffers != null) {
        pool.giveBack(buffers);
      }
      inUse.readLock().unlock();
    }
  }

  /** What a failure of ONNX Runtime means for a batch. */
  static EncodingException failure(
      Batch batch, DeviceChoice device, Cancellation cancellation, OrtException e) {
    EncodingException.Reason reason =
        cancellation.isCancelled()
            ? EncodingException.Reason.CANCELLED
            : MemoryFailure.is(e)
                ? EncodingException.Reason.MEMORY
                : EncodingException.Reason.GRAPH;
    return failure(batch, device, reason, e);
  }

  private static EncodingException failure(
      Batch batch, DeviceChoice device, EncodingException.Reason reason, Throwable e) {
    return new EncodingException(
        reason,
        "ONNX Runtime failed on a batch of %d rows x %d tokens on %s: %s"
            .formatted(batch.size(), batch.length(), device.label(), e.getMessage()),
        e);
  }

  private List<FloatBuffer> run(Batch batch, long[] poolingMask, RunBuffers buffers)
      throws OrtException {
    Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
    Map<String, OnnxTensor> results = new LinkedHashMap<>();
    List<FloatBuffer> values = new ArrayList<>(outputs.size());
    try {
      feed(batch, poolingMask, buffers, feeds);
      for (PooledModel.Output output : outputs) {
        long[] shape =
            output.rank() == 2
                ? new long[] {batch.paddedRows(), output.dim()}
                : new long[] {batch.paddedRows(), batch.length(), output.dim()};
        FloatBuffer floats = buffers.floats(output.name(), shape);
        values.add(floats);
        results.put(output.name(), buffers.tensor(floats, shape));
      }
      // The graph writes into our buffers, or fails if its outputs have other shapes.
      session.run(feeds, Set.of(), results, buffers.options()).close();
      return values;
    } catch (RunBuffers.NoRoom e) {
      throw failure(batch, device, EncodingException.Reason.MEMORY, e);
    } finally {
      feeds.values().forEach(OnnxTensor::close);
      results.values().forEach(OnnxTensor::close);
    }
  }

  private void feed(
      Batch batch, long[] poolingMask, RunBuffers buffers, Map<String, OnnxTensor> feeds)
      throws OrtException {
    long[] shape = {batch.paddedRows(), batch.length()};
    feeds.put(
        ModelInputs.INPUT_IDS, tensor(ModelInputs.INPUT_IDS, batch.inputIds(), shape, buffers));
    String mask = GraphRequirements.ATTENTION_MASK;
    feeds.put(mask, tensor(mask, batch.attentionMask(), shape, buffers));
    if (inputs.tokenTypeIds()) {
      String types = ModelInputs.TOKEN_TYPE_IDS;
      feeds.put(types, buffers.zeros(types, inputs.int32(), shape));
    }
    if (inputs.poolingMask()) {
      // Added by us, and always int64.
      feeds.put(
          PooledGraph.POOLING_MASK, buffers.longs(PooledGraph.POOLING_MASK, poolingMask, shape));
    }
  }

  private OnnxTensor tensor(String name, long[] values, long[] shape, RunBuffers buffers)
      throws OrtException {
    return inputs.int32() ? buffers.ints(name, values, shape) : buffers.longs(name, values, shape);
  }

  /** Native buffers allocated so far. */
  long buffersAllocated() {
    return pool.allocations();
  }

  @Override
  public DeviceChoice device() {
    return device;
  }

  @Override
  public boolean takesPadding() {
    return takesPadding;
  }

  @Override
  public List<PooledModel.Output> outputs() {
    return outputs;
  }

  @Override
  public void close() {
    inUse.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        pool.close();
        session.close();
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed to close a session", e);
    } finally {
      inUse.writeLock().unlock();
    }
  }
}
