package io.embark.onnx.graph;

import io.embark.UserError;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The token states and the pooler among the outputs of a graph: told by rank, then by name, because
 * exporters name them freely ({@code last_hidden_state}, {@code output_0}; {@code pooler_output},
 * {@code 882}).
 *
 * @param tokenStates of the last layer, {@code [B, L, H]}
 * @param pooler the model's own pooled output, {@code [B, H]}
 * @param hiddenStates those after each layer that the model exports, the embedding output first
 */
record ModelOutputs(
    TensorSignature tokenStates, Optional<TensorSignature> pooler, List<String> hiddenStates) {
  private static final Pattern HIDDEN_STATE = Pattern.compile("hidden_states?[._](\\d{1,4})");
  private static final List<String> STATES_NAMES = List.of("last_hidden_state", "token_embeddings");

  /**
   * @throws UserError if no output can be the token states, listing what was found
   */
  static ModelOutputs of(OnnxGraph graph) {
    List<String> hiddenStates = hiddenStates(graph);
    TensorSignature states = tokenStates(graph, hiddenStates);
    if (states.size(2) < 1) {
      throw new UserError(
          "Cannot pool: the hidden size of output %s is not declared; export the model with it fixed. Found: %s."
              .formatted(states, graph.describe()));
    }
    return new ModelOutputs(states, pooler(graph, states.size(2)), hiddenStates);
  }

  int hiddenSize() {
    return tokenStates.size(2);
  }

  /**
   * The tensors with the token states after each encoder layer, the embedding output first: those
   * exported as {@code hidden_states.N}, otherwise what {@link PostNormBlocks} recognise. Either
   * way the last must be the very tensor that the model gives as its token states.
   *
   * @throws UserError if the layers are not recognised, saying what was found
   */
  List<String> layers(OnnxGraph graph) {
    String states = tokenStates.name();
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

  private static TensorSignature tokenStates(OnnxGraph graph, List<String> hiddenStates) {
    List<TensorSignature> found =
        graph.outputs.stream()
            .filter(output -> output.isFloat() && output.hasRank(3))
            // Scores over the vocabulary have the same rank; pooling them means nothing.
            .filter(output -> !output.name().toLowerCase(Locale.ROOT).contains("logits"))
            .toList();
    Optional<TensorSignature> states =
        found.stream()
            .filter(output -> !hiddenStates.contains(output.name()))
            .min(Comparator.comparingInt(ModelOutputs::nameOrder));
    if (states.isEmpty() && !hiddenStates.isEmpty()) {
      String last = hiddenStates.get(hiddenStates.size() - 1);
      states = found.stream().filter(output -> output.name().equals(last)).findFirst();
    }
    return states.orElseThrow(
        () ->
            new UserError(
                ("Cannot pool: no output holds token states, wanted is a float output of rank 3"
                        + " such as last_hidden_state[batch,sequence,hidden]; export the model for"
                        + " feature extraction. Found: %s.")
                    .formatted(graph.describe())));
  }

  /** Known names first; of the others the first output. */
  private static int nameOrder(TensorSignature output) {
    int known = STATES_NAMES.indexOf(output.name());
    return known < 0 ? STATES_NAMES.size() : known;
  }

  private static Optional<TensorSignature> pooler(OnnxGraph graph, int hiddenSize) {
    return graph.outputs.stream()
        .filter(output -> output.isFloat() && output.hasRank(2))
        // Scores of a classifier have another width, a finished sentence vector another meaning.
        .filter(output -> output.size(1) == hiddenSize || output.size(1) < 0)
        .filter(output -> !output.name().equals("sentence_embedding"))
        .min(Comparator.comparing(output -> !output.name().equals("pooler_output")));
  }

  private static List<String> hiddenStates(OnnxGraph graph) {
    return graph.outputs.stream()
        .map(TensorSignature::name)
        .filter(name -> HIDDEN_STATE.matcher(name).matches())
        .sorted(Comparator.comparingInt(ModelOutputs::layer))
        .toList();
  }

  /** The number in the name of an exported hidden state. */
  private static int layer(String hiddenState) {
    return Integer.parseInt(HIDDEN_STATE.matcher(hiddenState).replaceFirst("$1"));
  }
}
