package io.embark.onnx.graph;

import io.embark.UserError;

/** What a graph must have before pooling can be added, whatever the pooling. */
public final class GraphRequirements {
  /** The input that tells tokens from padding, {@code [B, L]}. */
  public static final String ATTENTION_MASK = "attention_mask";

  /** The opsets whose operators {@link GraphOps} knows. */
  static final int MIN_OPSET = 11;

  static final int MAX_OPSET = 23;

  private GraphRequirements() {}

  /**
   * @throws UserError naming what is missing and listing what was found
   */
  static void check(OnnxGraph graph) {
    long opset = graph.opset();
    if (opset < MIN_OPSET || opset > MAX_OPSET) {
      throw new UserError(
          ("Cannot add pooling to a graph of opset %s; known are %d to %d. Export the model with"
                  + " one of them. Found: %s.")
              .formatted(opset == 0 ? "none" : opset, MIN_OPSET, MAX_OPSET, graph.describe()));
    }
    boolean mask =
        graph.inputs().stream()
            .filter(input -> input.name().equals(ATTENTION_MASK))
            .anyMatch(input -> input.hasRank(2) || input.dims() == null);
    if (!mask) {
      throw new UserError(
          ("Cannot pool: no input %s[batch,sequence] tells tokens from padding; export the model"
                  + " with it. Found: %s.")
              .formatted(ATTENTION_MASK, graph.describe()));
    }
  }
}
