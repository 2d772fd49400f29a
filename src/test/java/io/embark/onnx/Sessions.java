package io.embark.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.platform.Fp16Conversions;
import io.embark.onnx.graph.PooledModel;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Runs models in tests: flat arrays in, flat arrays out. */
public final class Sessions {
  public static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  private Sessions() {}

  public static OrtSession open(PooledModel model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      return OnnxRuntime.open(model, options);
    }
  }

  /** Feeds and closes the tensors, returns every float output flat. */
  public static Map<String, float[]> run(OrtSession session, Map<String, OnnxTensor> feeds)
      throws OrtException {
    try (OrtSession.Result result = session.run(feeds)) {
      Map<String, float[]> outputs = new HashMap<>();
      for (Map.Entry<String, OnnxValue> output : result) {
        FloatBuffer values = ((OnnxTensor) output.getValue()).getFloatBuffer();
        float[] flat = new float[values.remaining()];
        values.get(flat);
        outputs.put(output.getKey(), flat);
      }
      return outputs;
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  /** Runs a model over texts one by one, as int8 is measured. */
  public static void runTexts(
      PooledModel model, List<long[]> texts, Consumer<Map<String, float[]>> each) {
    TextSession.run(model, texts, each);
  }

  public static OnnxTensor longs(long[] values, long... shape) throws OrtException {
    return OnnxTensor.createTensor(ENVIRONMENT, LongBuffer.wrap(values), shape);
  }

  public static OnnxTensor floats(float[] values, boolean half, long... shape) throws OrtException {
    if (!half) {
      return OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(values), shape);
    }
    ShortBuffer bits = ShortBuffer.allocate(values.length);
    for (float value : values) {
      bits.put(Fp16Conversions.floatToFp16(value));
    }
    return OnnxTensor.createTensor(ENVIRONMENT, bits.flip(), shape, OnnxJavaType.FLOAT16);
  }

  /** What float16 keeps of each value. */
  public static float[] roundedToHalf(float[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = Fp16Conversions.fp16ToFloat(Fp16Conversions.floatToFp16(values[i]));
    }
    return rounded;
  }
}
