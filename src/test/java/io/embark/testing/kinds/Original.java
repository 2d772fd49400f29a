package io.embark.testing.kinds;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A graph run by ONNX Runtime itself, text by text. */
final class Original implements AutoCloseable {
  private final OrtSession session;

  Original(byte[] graph) throws OrtException {
    session = OrtEnvironment.getEnvironment().createSession(graph);
  }

  /**
   * @param ids {@code [L]}
   * @param left tokens of padding in front
   * @param right tokens of padding behind
   * @return each output's values for this text, of every token, those of padding as well
   */
  Map<String, Object> run(long[] ids, int left, int right) throws OrtException {
    long[] padded = new long[left + ids.length + right];
    long[] mask = new long[padded.length];
    System.arraycopy(ids, 0, padded, left, ids.length);
    Arrays.fill(mask, left, left + ids.length, 1);
    Map<String, OnnxTensor> inputs = new HashMap<>();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    for (String name : session.getInputNames()) {
      long[] values =
          switch (name) {
            case "input_ids" -> padded;
            case "attention_mask" -> mask;
            default -> new long[padded.length];
          };
      inputs.put(name, OnnxTensor.createTensor(environment, new long[][] {values}));
    }
    Map<String, Object> outputs = new LinkedHashMap<>();
    try (OrtSession.Result result = session.run(inputs)) {
      for (var output : result) {
        outputs.put(output.getKey(), ((Object[]) output.getValue().getValue())[0]);
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
    return outputs;
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
