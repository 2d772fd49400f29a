package io.embark.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a BERT-like graph takes and gives. Exports differ in names ({@code last_hidden_state},
 * {@code output_0}; {@code pooler_output}, {@code 882}), so outputs are told apart by rank first
 * and by name second.
 *
 * @param inputIds name of the input for token ids
 * @param attentionMask name of the input for the attention mask
 * @param tokenTypeIds name of the input for token types, or null if the model takes none
 * @param intInputs whether the inputs are int32 rather than int64
 * @param hidden name of the output {@code [batch, length, hiddenSize]}
 * @param pooler name of the model's own pooled output {@code [batch, hiddenSize]}, or null
 * @param outputs every output with its shape, for messages
 */
public record OnnxModel(
    String inputIds,
    String attentionMask,
    String tokenTypeIds,
    boolean intInputs,
    String hidden,
    String pooler,
    String outputs) {

  private static final List<String> HIDDEN_NAMES =
      List.of("last_hidden_state", "token_embeddings", "output_0");

  /**
   * Reads the description off an open session.
   *
   * @param source the model's name in messages
   * @throws IllegalArgumentException if the graph is not one Embark can feed, with what was found
   */
  static OnnxModel describe(OrtSession session, String source) throws OrtException {
    Map<String, NodeInfo> in = session.getInputInfo();
    String inputs = list(in);
    String ids = named(in, "input_ids");
    String mask = named(in, "attention_mask");
    String types = named(in, "token_type_ids");
    if (ids == null || mask == null) {
      throw new IllegalArgumentException(
          ("Model %s has inputs %s; Embark needs input_ids and attention_mask (token_type_ids is"
                  + " optional). Export it for feature extraction.")
              .formatted(source, inputs));
    }
    for (String name : in.keySet()) {
      if (!name.equals(ids) && !name.equals(mask) && !name.equals(types)) {
        throw new IllegalArgumentException(
            ("Model %s wants an input '%s' that Embark does not know; it has inputs %s. Export it"
                    + " without that input.")
                .formatted(source, name, inputs));
      }
    }
    Map<String, NodeInfo> out = session.getOutputInfo();
    return new OnnxModel(
        ids,
        mask,
        types,
        tensor(in.get(ids)).type == OnnxJavaType.INT32,
        hidden(out, source),
        pooler(out),
        list(out));
  }

  private static String hidden(Map<String, NodeInfo> outputs, String source) {
    List<String> candidates = ofRank(outputs, 3);
    for (String name : HIDDEN_NAMES) {
      if (candidates.contains(name)) {
        return name;
      }
    }
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException(
          ("Model %s has outputs %s; Embark needs the token states, a float output of rank 3"
                  + " [batch, length, hiddenSize]. Export it for feature extraction, not with a"
                  + " task head.")
              .formatted(source, list(outputs)));
    }
    return candidates.get(0);
  }

  private static String pooler(Map<String, NodeInfo> outputs) {
    List<String> candidates = new ArrayList<>(ofRank(outputs, 2));
    if (candidates.contains("pooler_output")) {
      return "pooler_output";
    }
    // sentence-transformers exports add their own pooling under this name; it is not the pooler.
    candidates.remove("sentence_embedding");
    return candidates.isEmpty() ? null : candidates.get(0);
  }

  private static List<String> ofRank(Map<String, NodeInfo> outputs, int rank) {
    return outputs.entrySet().stream()
        .filter(e -> e.getValue().getInfo() instanceof TensorInfo t && t.getShape().length == rank)
        .filter(e -> isFloat(tensor(e.getValue()).type))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static boolean isFloat(OnnxJavaType type) {
    return type == OnnxJavaType.FLOAT
        || type == OnnxJavaType.FLOAT16
        || type == OnnxJavaType.BFLOAT16;
  }

  private static String named(Map<String, NodeInfo> inputs, String wanted) {
    return inputs.containsKey(wanted) ? wanted : null;
  }

  private static TensorInfo tensor(NodeInfo info) {
    return (TensorInfo) info.getInfo();
  }

  /** {@code name[-1, -1, 384]}, comma separated; -1 is a dimension that varies. */
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
}
