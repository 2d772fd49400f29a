package io.embark.onnx.graph;

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
final class PostNormBlocks {
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

  private final OnnxGraph graph;
  private final LayerNorms norms;

  PostNormBlocks(OnnxGraph graph) {
    this.graph = graph;
    this.norms = new LayerNorms(graph);
  }

  /** One residual step, seen from the layer norm after it. */
  private record Residual(String skip, boolean attention) {}

  /**
   * The state before the first block and after each, ending in {@code last}. Empty if {@code last}
   * is not the end of such blocks, or what lies before them still attends: then some blocks were of
   * another kind, and the count would be wrong.
   */
  List<String> statesUpTo(String last) {
    LinkedList<String> states = new LinkedList<>(List.of(last));
    while (true) {
      Optional<String> before = stateBefore(states.getFirst());
      if (before.isEmpty()) {
        break;
      }
      states.addFirst(before.get());
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
    List<String> summands = norms.summands(normalised);
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
}
