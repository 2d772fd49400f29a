package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.UserError;
import io.embark.batch.Batch;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.GraphTraits;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.int8.Int8Model;
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

/** An encoder on one session of ONNX Runtime, which it owns. */
public final class OnnxEncoder implements Encoder {
  /** The smallest that has a mean and a last token. */
  private static final Batch SMALLEST =
      new Batch(new int[] {0}, 2, new long[] {0, 0}, new long[] {1, 1}, 2);

  private final OrtSession session;
  private final ModelInputs inputs;
  private final List<PooledModel.Output> outputs;
  private final DeviceChoice device;
  private final boolean takesPadding;
  final RunBuffers.Pool pool = new RunBuffers.Pool();

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

  /** Opens a model of which nothing is known from beside it. */
  public static OnnxEncoder open(
      Path onnxFile,
      Execution execution,
      List<? extends GraphOutput> wanted,
      PoolingMask mask,
      Precision precision,
      Supplier<List<long[]>> texts) {
    return open(onnxFile, GraphTraits.UNKNOWN, execution, wanted, mask, precision, texts);
  }

  /**
   * Opens a model with poolings added to its graph and runs one tiny batch through it.
   *
   * @param traits what is known of the graph from beside it
   * @param texts token ids to measure a reduced precision with, special tokens included; asked for
   *     only if they are needed
   * @throws UserError if the file is not a model Embark can run, or cannot give one of the outputs,
   *     with what was found; if the model does not suit the precision, or the device is a GPU and
   *     the precision is for CPUs
   */
  public static OnnxEncoder open(
      Path onnxFile,
      GraphTraits traits,
      Execution execution,
      List<? extends GraphOutput> wanted,
      PoolingMask mask,
      Precision precision,
      Supplier<List<long[]>> texts) {
    OnnxRuntimeJars.requireOne();
    precision.requireFor(execution.device());
    PooledModel masked = MeasuredGraph.read(onnxFile, traits).add(wanted, mask);
    if (precision == Precision.INT8) {
      masked = int8(masked, texts.get(), onnxFile);
    }
    Optional<PooledModel> unmasked =
        execution.padded() ? Optional.empty() : UnmaskedAttention.of(masked, execution.longest());
    PooledModel model = unmasked.orElse(masked);
    // Before any other class of ONNX Runtime.
    OnnxRuntime.environment();
    try (SessionOptions options = new SessionOptions()) {
      execution.addTo(options, model);
      OrtSession session = OnnxRuntime.open(model, options);
      try {
        ModelInputs inputs = ModelInputs.of(session, onnxFile.toString());
        return new OnnxEncoder(
            session, inputs, model.outputs(), execution.device(), unmasked.isEmpty());
      } catch (OrtException | RuntimeException e) {
        try {
          session.close();
        } catch (OrtException closing) {
          e.addSuppressed(closing);
        }
        throw e;
      }
    } catch (OrtException e) {
      throw new UserError(
          "ONNX Runtime cannot run %s on %s: %s"
              .formatted(onnxFile, execution.device().label(), e.getMessage()),
          e);
    }
  }

  private static PooledModel int8(PooledModel model, List<long[]> texts, Path onnxFile) {
    try {
      return Int8Model.of(model, texts, TextSession::run);
    } catch (UserError e) {
      throw new UserError("Model `" + onnxFile + "`: " + e.getMessage(), e);
    }
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
      throw new IllegalArgumentException(
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
      cancellation.begin(buffers.options);
      try {
        values = run(batch, poolingMask, buffers);
      } finally {
        cancellation.end(buffers.options);
      }
      return reader.apply(values);
    } catch (OrtException | RunBuffers.NoRoom e) {
      throw EncodingException.of(batch, device, cancellation, e);
    } finally {
      if (buffers != null) {
        pool.giveBack(buffers);
      }
      inUse.readLock().unlock();
    }
  }

  private List<FloatBuffer> run(Batch batch, long[] poolingMask, RunBuffers buffers)
      throws OrtException {
    Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
    Map<String, OnnxTensor> results = new LinkedHashMap<>();
    List<FloatBuffer> values = new ArrayList<>(outputs.size());
    try {
      long[] fed = {batch.paddedRows(), batch.length()};
      inputs.feed(batch.inputIds(), batch.attentionMask(), poolingMask, fed, buffers, feeds);
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
      session.run(feeds, Set.of(), results, buffers.options).close();
      return values;
    } finally {
      feeds.values().forEach(OnnxTensor::close);
      results.values().forEach(OnnxTensor::close);
    }
  }

  /** Whether the graph is fed the kinds of tokens, which are all 0. */
  public boolean takesTokenTypes() {
    return inputs.tokenTypeIds();
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
