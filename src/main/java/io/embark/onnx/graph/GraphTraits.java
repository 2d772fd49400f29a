package io.embark.onnx.graph;

import java.util.Optional;

/**
 * What is known of a graph from beside it.
 *
 * @param output the output that vectors are made of, as the user named it; empty to find it
 * @param hiddenSize values per token state, 0 if unknown
 * @param layers of its encoder, 0 if unknown
 * @param firstPosition the position of a text's first token, where the graph is fed positions
 */
public record GraphTraits(Optional<String> output, int hiddenSize, int layers, int firstPosition) {
  public static final GraphTraits UNKNOWN = new GraphTraits(Optional.empty(), 0, 0, 0);

  /** With the output that the user named; null for none. */
  public GraphTraits withOutput(String name) {
    return new GraphTraits(Optional.ofNullable(name), hiddenSize, layers, firstPosition);
  }
}
