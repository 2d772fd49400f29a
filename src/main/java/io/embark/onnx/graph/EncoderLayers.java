package io.embark.onnx.graph;

import io.embark.UserError;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The tensors of a graph that hold the token states after each encoder layer, {@code [B, L, H]}.
 *
 * <p>Taken from the model's own {@code hidden_states.N} outputs if it exports them, otherwise
 * recognised by structure (see {@link PostNormBlocks}). Either way the last one must be the very
 * tensor that the model gives as its token states, or nothing is recognised.
 */
final class EncoderLayers {
  private EncoderLayers() {}

  /**
   * @return of the model's own element type; the embedding output first
   * @throws UserError if the layers are not recognised, saying what was found
   */
  static List<String> of(OnnxGraph graph, ModelOutputs outputs) {
    return outputs.hiddenStates().isEmpty()
        ? byStructure(graph, outputs)
        : exported(graph, outputs);
  }

  private static List<String> exported(OnnxGraph graph, ModelOutputs outputs) {
    List<String> exported = outputs.hiddenStates();
    List<Integer> numbers = exported.stream().map(ModelOutputs::layer).toList();
    String last = exported.get(exported.size() - 1);
    String states = outputs.tokenStates().name();
    if (!numbers.equals(IntStream.range(0, exported.size()).boxed().toList())) {
      throw notRecognised(
          graph, "its hidden states are numbered %s, wanted is 0, 1, 2, ..", numbers);
    }
    if (!graph.origin(last).equals(graph.origin(states))) {
      throw notRecognised(graph, "`%s` is another tensor than `%s`", last, states);
    }
    return exported;
  }

  private static List<String> byStructure(OnnxGraph graph, ModelOutputs outputs) {
    String states = outputs.tokenStates().name();
    List<String> found = new PostNormBlocks(graph).statesUpTo(states);
    if (found.isEmpty()) {
      throw notRecognised(
          graph,
          "it has no hidden_states.N outputs, and `%s` (made by %s) is not the end of a chain of"
              + " blocks LayerNorm(a + feedForward(a)), a = LayerNorm(h + attention(h)), that"
              + " begins at the embeddings",
          states,
          graph.operator(graph.origin(states)));
    }
    return found;
  }

  private static UserError notRecognised(OnnxGraph graph, String reason, Object... arguments) {
    return new UserError(
        ("Cannot find the encoder layers of this model: %s. Use layers -1, or export the model with"
                + " hidden_states.0, hidden_states.1, .. as outputs. Found: %s.")
            .formatted(reason.formatted(arguments), graph.describe()));
  }
}
