package io.embark.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.UserError;
import io.embark.batch.Batch;
import io.embark.onnx.ModelInputs;
import io.embark.onnx.OnnxRuntime;
import io.embark.onnx.graph.GraphOutput;
import io.embark.onnx.graph.PooledGraph;
import io.embark.onnx.graph.PooledModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * ONNX Runtime and nothing else, as the limit that benchmarks compare with: batches that are ready
 * as native memory beforehand, runs whose results nobody reads.
 */
public final class RawRuns implements AutoCloseable {
  private final OrtEnvironment environment = OnnxRuntime.environment();
  private final OrtSession session;
  private final ModelInputs inputs;
  private final List<Map<String, OnnxTensor>> feeds = new ArrayList<>();

  private RawRuns(OrtSession session, String source) throws OrtException {
    this.session = session;
    this.inputs = ModelInputs.of(session, source);
  }

  /** A model's graph as its file has it, on the CPU, one thread a batch. */
  public static RawRuns ofFile(Path onnxFile) {
    return open(
        onnxFile,
        options -> OrtEnvironment.getEnvironment().createSession(onnxFile.toString(), options));
  }

  /** A model's graph with outputs of ours in place of its own. */
  public static RawRuns pooled(Path onnxFile, List<? extends GraphOutput> outputs) {
    PooledModel model = PooledGraph.of(onnxFile).add(outputs);
    return open(onnxFile, options -> OnnxRuntime.open(model, options));
  }

  private interface Opening {
    OrtSession open(SessionOptions options) throws OrtException;
  }

  private static RawRuns open(Path source, Opening opening) {
    OnnxRuntime.environment();
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      return new RawRuns(opening.open(options), source.toString());
    } catch (OrtException e) {
      throw new UserError("ONNX Runtime cannot run %s: %s".formatted(source, e.getMessage()), e);
    }
  }

  /** Takes the place of the batches there were. */
  public void prepare(List<Batch> batches) {
    clear();
    try {
      for (Batch batch : batches) {
        long[] shape = {batch.paddedRows(), batch.length()};
        Map<String, OnnxTensor> feed = new LinkedHashMap<>();
        feeds.add(feed);
        feed.put(ModelInputs.INPUT_IDS, tensor(batch.inputIds(), shape));
        feed.put(PooledGraph.ATTENTION_MASK, tensor(batch.attentionMask(), shape));
        if (inputs.tokenTypeIds()) {
          feed.put(ModelInputs.TOKEN_TYPE_IDS, tensor(new long[batch.paddedTokens()], shape));
        }
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    if (inputs.int32()) {
      throw new UserError("A graph with int32 inputs is not measured like this.");
    }
    LongBuffer longs =
        ByteBuffer.allocateDirect(8 * values.length).order(ByteOrder.nativeOrder()).asLongBuffer();
    return OnnxTensor.createTensor(environment, longs.put(values).flip(), shape);
  }

  /** Runs every batch once; each thread takes the next one there is. */
  public void run(int threads) {
    AtomicInteger next = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        running.add(CompletableFuture.runAsync(() -> runFrom(next), pool));
      }
      running.forEach(CompletableFuture::join);
    } finally {
      pool.shutdownNow();
    }
  }

  private void runFrom(AtomicInteger next) {
    try {
      for (int i = next.getAndIncrement(); i < feeds.size(); i = next.getAndIncrement()) {
        session.run(feeds.get(i)).close();
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private void clear() {
    feeds.forEach(feed -> feed.values().forEach(OnnxTensor::close));
    feeds.clear();
  }

  @Override
  public void close() {
    clear();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed to close a session", e);
    }
  }
}
