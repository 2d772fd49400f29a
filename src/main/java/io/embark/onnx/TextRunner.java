package io.embark.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.embark.onnx.graph.GraphRequirements;
import io.embark.onnx.graph.ModelInputs;
import io.embark.onnx.graph.PooledGraph;
import io.embark.onnx.graph.PooledModel;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A session on the CPU for single texts, to measure a model with before it is used. */
public final class TextRunner implements AutoCloseable {
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final ModelInputs inputs;

  private TextRunner(OrtEnvironment environment, OrtSession session, ModelInputs inputs) {
    this.environment = environment;
    this.session = session;
    this.inputs = inputs;
  }

  public static TextRunner open(PooledModel model) throws OrtException {
    OrtEnvironment environment = OnnxRuntimeLibrary.environment();
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      // What fails is thrown; it may fail in an attempt.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      OrtSession session = model.open(environment, options);
      try {
        return new TextRunner(environment, session, ModelInputs.of(session, "to be measured"));
      } catch (OrtException | RuntimeException e) {
        session.close();
        throw e;
      }
    }
  }

  /**
   * Every output of the model for one text, row-major.
   *
   * @param ids special tokens included
   */
  public Map<String, float[]> run(long[] ids) throws OrtException {
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    Map<String, OnnxTensor> feeds = new HashMap<>();
    try {
      feeds.put(ModelInputs.INPUT_IDS, tensor(ids, inputs.int32()));
      feeds.put(GraphRequirements.ATTENTION_MASK, tensor(ones, inputs.int32()));
      if (inputs.tokenTypeIds()) {
        feeds.put(ModelInputs.TOKEN_TYPE_IDS, tensor(new long[ids.length], inputs.int32()));
      }
      if (inputs.poolingMask()) {
        feeds.put(PooledGraph.POOLING_MASK, tensor(ones, false));
      }
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

  private OnnxTensor tensor(long[] values, boolean int32) throws OrtException {
    long[] shape = {1, values.length};
    if (int32) {
      int[] ints = Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
      return OnnxTensor.createTensor(environment, IntBuffer.wrap(ints), shape);
    }
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
