package io.embark.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.embark.UserError;
import io.embark.onnx.graph.PooledGraph;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The inputs that a BERT-like session takes beside token ids and the attention mask.
 *
 * @param int32 whether inputs are int32 rather than int64
 */
public record ModelInputs(boolean tokenTypeIds, boolean poolingMask, boolean int32) {
  public static final String INPUT_IDS = "input_ids";
  public static final String TOKEN_TYPE_IDS = "token_type_ids";

  private static final Set<String> KNOWN =
      Set.of(INPUT_IDS, PooledGraph.ATTENTION_MASK, TOKEN_TYPE_IDS, PooledGraph.POOLING_MASK);

  /**
   * @param source the model's name in messages
   * @throws UserError if one is missing or unknown, listing what was found
   */
  public static ModelInputs of(OrtSession session, String source) throws OrtException {
    Map<String, NodeInfo> inputs = session.getInputInfo();
    if (!inputs.containsKey(INPUT_IDS)) {
      throw new UserError(
          ("Model %s has inputs %s; Embark needs input_ids and attention_mask (token_type_ids is"
                  + " optional). Export it for feature extraction.")
              .formatted(source, list(inputs)));
    }
    for (String name : inputs.keySet()) {
      if (!KNOWN.contains(name)) {
        throw new UserError(
            ("Model %s wants an input '%s' that Embark does not know; it has inputs %s. Export it"
                    + " without that input.")
                .formatted(source, name, list(inputs)));
      }
    }
    if (!(inputs.get(INPUT_IDS).getInfo() instanceof TensorInfo ids)) {
      throw new UserError(
          "Model %s has inputs %s; wanted is a tensor input_ids.".formatted(source, list(inputs)));
    }
    return new ModelInputs(
        inputs.containsKey(TOKEN_TYPE_IDS),
        inputs.containsKey(PooledGraph.POOLING_MASK),
        ids.type == OnnxJavaType.INT32);
  }

  /** {@code name[-1, -1]}, comma separated; -1 is a dimension that varies. */
  private static String list(Map<String, NodeInfo> nodes) {
    return nodes.entrySet().stream()
        .map(
            e ->
                e.getKey()
                    + (e.getValue().getInfo() instanceof TensorInfo t
                        ? Arrays.toString(t.getShape())
                        : "(not a tensor)"))
        .collect(Collectors.joining(", "));
  }

  /**
   * Puts a batch into native memory.
   *
   * @param poolingMask read only if the model has that input
   * @param feeds receives the tensors by name; the caller closes them, also if this fails
   */
  void feed(
      long[] inputIds,
      long[] attentionMask,
      long[] poolingMask,
      long[] shape,
      RunBuffers buffers,
      Map<String, OnnxTensor> feeds)
      throws OrtException {
    feeds.put(INPUT_IDS, buffers.integers(INPUT_IDS, inputIds, int32, shape));
    String mask = PooledGraph.ATTENTION_MASK;
    feeds.put(mask, buffers.integers(mask, attentionMask, int32, shape));
    if (tokenTypeIds) {
      feeds.put(TOKEN_TYPE_IDS, buffers.zeros(TOKEN_TYPE_IDS, int32, shape));
    }
    if (poolingMask()) {
      // Added by us, and always int64.
      String pooling = PooledGraph.POOLING_MASK;
      feeds.put(pooling, buffers.integers(pooling, poolingMask, false, shape));
    }
  }
}
