package io.embark.onnx.graph;

import io.embark.UserError;
import java.util.List;
import java.util.stream.IntStream;

/** The tensors with the token states after each encoder layer. */
final class EncoderLayers {
  private EncoderLayers() {}

  /**
   * The embedding output first: those exported as {@code hidden_states.N}, otherwise what {@link
   * PostNormBlocks} recognise. Either way the last must be the very tensor that the model gives as
   * its token states.
   *
   * @throws UserError if the layers are not recognised, saying what was found
   */
  static List<String> of(OnnxGraph graph, ModelOutputs outputs) {
    String states = outputs.tokenStates().orElseThrow().name();
    List<String> hiddenStates = outputs.hiddenStates();
    if (hiddenStates.isEmpty()) {
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
    List<Integer> numbers = hiddenStates.stream().map(ModelOutputs::layer).toList();
    String last = hiddenStates.get(hiddenStates.size() - 1);
    if (!numbers.equals(IntStream.range(0, numbers.size()).boxed().toList())) {
      throw notRecognised(
          graph, "its hidden states are numbered %s, wanted is 0, 1, 2, ..", numbers);
    }
    if (!graph.origin(last).equals(graph.origin(states))) {
      throw notRecognised(graph, "`%s` is another tensor than `%s`", last, states);
    }
    return hiddenStates;
  }

  private static UserError notRecognised(OnnxGraph graph, String reason, Object... arguments) {
    return new UserError(
        ("Cannot find the encoder layers of this model: %s. Use layers -1, or export the model with"
                + " hidden_states.0, hidden_states.1, .. as outputs. Found: %s.")
            .formatted(reason.formatted(arguments), graph.describe()));
  }
}
