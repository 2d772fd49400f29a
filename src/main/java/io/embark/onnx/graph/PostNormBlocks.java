package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.LinkedList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Walks a BERT-like encoder from its end to its embeddings. Each block is two residual steps, each
 * followed by a layer norm:
 *
 * <pre>
 *   a = LayerNorm(h + attention(h))
 *   h' = LayerNorm(a + feedForward(a))
 * </pre>
 *
 * Names play no part. In {@code skip + branch} the skip is the one that the branch is computed
 * from, and a branch is attention if a softmax (or a fused attention) lies on it.
 */
record PostNormBlocks(OnnxGraph graph) {
  private static final Set<String> ATTENTION =
      Set.of(
          "Softmax",
          "Attention",
          "QAttention",
          "QOrderedAttention",
          "MultiHeadAttention",
          "PackedAttention",
          "PackedMultiHeadAttention",
          "GroupQueryAttention");

  /** One residual step, seen from the layer norm after it. */
  private record Residual(String skip, boolean attention) {}

  /**
   * The state before the first block and after each, ending in {@code last}. Empty if there are no
   * such blocks, or what lies before them still attends: then some were of another kind.
   */
  List<String> statesUpTo(String last) {
    LinkedList<String> states = new LinkedList<>(List.of(last));
    Optional<String> before = stateBefore(last);
    while (before.isPresent()) {
      states.addFirst(before.get());
      before = stateBefore(before.get());
    }
    boolean whole = states.size() > 1 && !search(states.getFirst(), null).attention();
    return whole ? List.copyOf(states) : List.of();
  }

  /** The input of the block that makes {@code state}. */
  private Optional<String> stateBefore(String state) {
    return residual(state)
        .filter(feedForward -> !feedForward.attention())
        .flatMap(feedForward -> residual(feedForward.skip()))
        .filter(Residual::attention)
        .map(Residual::skip);
  }

  private Optional<Residual> residual(String normalised) {
    List<String> summands = summands(normalised);
    if (summands.isEmpty()) {
      return Optional.empty();
    }
    String a = summands.get(0);
    String b = summands.get(1);
    Found behindB = search(b, graph.origin(a));
    if (behindB.skip()) {
      return Optional.of(new Residual(a, behindB.attention()));
    }
    Found behindA = search(a, graph.origin(b));
    return behindA.skip() ? Optional.of(new Residual(b, behindA.attention())) : Optional.empty();
  }

  /** Parts of a tensor: the skip it was searched for, an attention before that. */
  private record Found(boolean skip, boolean attention) {}

  private Found search(String from, String skip) {
    Set<String> parts = graph.behind(from, tensor -> tensor.equals(skip));
    boolean attention =
        parts.stream()
            .filter(tensor -> !tensor.equals(skip))
            .anyMatch(tensor -> ATTENTION.contains(graph.operator(tensor)));
    return new Found(skip != null && parts.contains(skip), attention);
  }

  /**
   * The two tensors whose sum is normalised to give {@code tensor}; empty if a layer norm does not
   * make it, or not of a sum. The norm is one operator, or what exporters before opset 17 write:
   *
   * <pre>
   *   x -> ReduceMean -> Sub -> Pow -> ReduceMean -> Add -> Sqrt -> Div -> Mul(weight) -> Add(bias)
   * </pre>
   */
  private List<String> summands(String tensor) {
    String origin = graph.origin(tensor);
    return switch (graph.operator(origin)) {
      case "SkipLayerNormalization" -> graph.maker(origin).getInputList().subList(0, 2);
      case "LayerNormalization" -> sum(graph.maker(origin).getInput(0));
      case "Add" -> sum(decomposed(origin));
      default -> List.of();
    };
  }

  /** The two summands behind a tensor; a bias added last is passed over. */
  private List<String> sum(String tensor) {
    NodeProto add = graph.maker(tensor, "Add");
    while (add != null) {
      List<String> variable = variableInputs(add);
      if (variable.size() == 2) {
        return variable;
      }
      add = variable.isEmpty() ? null : graph.maker(variable.get(0), "Add");
    }
    return List.of();
  }

  /** {@code x} of the decomposed form ending in the {@code Add} that makes {@code tensor}. */
  private String decomposed(String tensor) {
    NodeProto division = graph.maker(onlyVariable(onlyVariable(tensor, "Add"), "Mul"), "Div");
    if (division == null || graph.maker(division.getInput(1), "Sqrt") == null) {
      return null;
    }
    NodeProto difference = graph.maker(division.getInput(0), "Sub");
    NodeProto mean = difference == null ? null : graph.maker(difference.getInput(1), "ReduceMean");
    if (mean == null) {
      return null;
    }
    String x = graph.origin(difference.getInput(0));
    return graph.origin(mean.getInput(0)).equals(x) ? x : null;
  }

  /** The input of {@code tensor}'s operator that is not a weight, or null if not just one is. */
  private String onlyVariable(String tensor, String operator) {
    NodeProto node = graph.maker(tensor, operator);
    List<String> variable = node == null ? List.of() : variableInputs(node);
    return variable.size() == 1 ? variable.get(0) : null;
  }

  private List<String> variableInputs(NodeProto node) {
    List<String> variable = new ArrayList<>(node.getInputList());
    variable.removeIf(input -> graph.isConstant(graph.origin(input)));
    return variable;
  }
}
