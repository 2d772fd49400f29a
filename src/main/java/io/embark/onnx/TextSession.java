package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.UserError;
import io.embark.onnx.graph.PooledModel;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** A session on the CPU for single texts, to measure a model with before it is used. */
final class TextSession implements AutoCloseable {
  private final OrtSession session;
  private final ModelInputs inputs;
  private final RunBuffers buffers;

  private TextSession(OrtSession session) throws OrtException {
    this.session = session;
    this.inputs = ModelInputs.of(session, "to be measured");
    this.buffers = new RunBuffers(new LongAdder());
  }

  static TextSession open(PooledModel model) throws OrtException {
    OnnxRuntime.environment();
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      // What fails is thrown; it may fail in an attempt.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      OrtSession session = OnnxRuntime.open(model, options);
      try {
        return new TextSession(session);
      } catch (OrtException | RuntimeException e) {
        session.close();
        throw e;
      }
    }
  }

  /** A {@link io.embark.onnx.int8.Int8Model.TextRunner}. */
  static void run(PooledModel model, List<long[]> texts, Consumer<Map<String, float[]>> each) {
    try (TextSession session = open(model)) {
      for (long[] text : texts) {
        each.accept(session.run(text));
      }
    } catch (OrtException e) {
      throw new UserError("ONNX Runtime cannot measure it: " + e.getMessage(), e);
    }
  }

  Map<String, float[]> run(long[] ids) throws OrtException {
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    Map<String, OnnxTensor> feeds = new HashMap<>();
    try {
      inputs.feed(ids, ones, ones, new long[] {1, ids.length}, buffers, feeds);
      Map<String, float[]> found = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(feeds)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          FloatBuffer values = ((OnnxTensor) output.getValue()).getFloatBuffer();
          float[] copy = new float[values.remaining()];
          values.get(copy);
          found.put(output.getKey(), copy);
        }
      }
      return found;
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  @Override
  public void close() throws OrtException {
    buffers.close();
    session.close();
  }
}
