package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.embark.UserError;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Refuses graphs that are broken, or to which no pooling can be added. */
final class GraphChecks {
  /** The opsets whose operators {@link GraphOps} knows. */
  private static final int MIN_OPSET = 11;

  private static final int MAX_OPSET = 23;

  /** The operators whose inputs are looked at by their place, and how many places that takes. */
  private static final Map<String, Integer> INPUTS =
      Map.ofEntries(
          Map.entry("Identity", 1),
          Map.entry("Cast", 1),
          Map.entry("Dropout", 1),
          Map.entry("ReduceMean", 1),
          Map.entry("LayerNormalization", 1),
          Map.entry("SkipLayerNormalization", 2),
          Map.entry("Softmax", 1),
          Map.entry("Transpose", 1),
          Map.entry("Unsqueeze", 1),
          Map.entry("Add", 2),
          Map.entry("Mul", 2),
          Map.entry("Div", 2),
          Map.entry("Sub", 2),
          Map.entry("MatMul", 2),
          Map.entry("Reshape", 2),
          Map.entry("Where", 3));

  private GraphChecks() {}

  /** Checks what any pooling needs of a graph. */
  static void requirePoolable(OnnxGraph graph) {
    long opset = graph.opset();
    if (opset < MIN_OPSET || opset > MAX_OPSET) {
      throw new UserError(
          ("Cannot add pooling to a graph of opset %s; known are %d to %d. Export the model with"
                  + " one of them. Found: %s.")
              .formatted(opset == 0 ? "none" : opset, MIN_OPSET, MAX_OPSET, graph.describe()));
    }
    boolean mask =
        graph.inputs.stream()
            .filter(input -> input.name().equals(PooledGraph.ATTENTION_MASK))
            .anyMatch(input -> input.hasRank(2) || input.dims() == null);
    if (!mask) {
      throw new UserError(
          ("Cannot pool: no input %s[batch,sequence] tells tokens from padding; export the model"
                  + " with it. Found: %s.")
              .formatted(PooledGraph.ATTENTION_MASK, graph.describe()));
    }
  }

  /**
   * Checks that nothing has to be fed that Embark does not know.
   *
   * @throws UserError naming the input
   */
  static void requireKnownInputs(OnnxGraph graph) {
    for (TensorSignature input : graph.inputs) {
      if (!DecoderInputs.isKnown(input.name())) {
        throw new UserError(
            ("the graph wants an input '%s' that Embark does not know; export it without that input."
                    + " Found: %s.")
                .formatted(input.name(), graph.describe()));
      }
    }
  }

  /**
   * Checks what holds of every graph that is whole, as a broken one leads around in circles.
   *
   * @throws UserError if an operator lacks an input, or a tensor is made of itself
   */
  static void requireWhole(GraphProto graph) {
    Map<String, Integer> makers = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      int wanted = INPUTS.getOrDefault(node.getOpType(), 0);
      if (node.getInputCount() < wanted) {
        throw new UserError(
            "the graph is broken: node `%s` (%s) has %d inputs, wanted is %d."
                .formatted(node.getName(), node.getOpType(), node.getInputCount(), wanted));
      }
      for (String output : node.getOutputList()) {
        if (!output.isEmpty()) {
          makers.put(output, i);
        }
      }
    }
    requireNoCircle(graph, makers);
  }

  /** Takes nodes in the order in which their inputs are there: linear in nodes and inputs. */
  private static void requireNoCircle(GraphProto graph, Map<String, Integer> makers) {
    int[] missing = new int[graph.getNodeCount()];
    Map<Integer, List<Integer>> readers = new HashMap<>();
    Deque<Integer> ready = new ArrayDeque<>();
    for (int i = 0; i < missing.length; i++) {
      for (String input : graph.getNode(i).getInputList()) {
        if (makers.containsKey(input)) {
          missing[i]++;
          readers.computeIfAbsent(makers.get(input), maker -> new ArrayList<>()).add(i);
        }
      }
      if (missing[i] == 0) {
        ready.add(i);
      }
    }
    while (!ready.isEmpty()) {
      for (int reader : readers.getOrDefault(ready.pop(), List.of())) {
        if (--missing[reader] == 0) {
          ready.add(reader);
        }
      }
    }
    for (int i = 0; i < missing.length; i++) {
      if (missing[i] > 0) {
        NodeProto node = graph.getNode(i);
        throw new UserError(
            "the graph is broken: what node `%s` (%s) makes is also what it is made of."
                .formatted(node.getName(), node.getOpType()));
      }
    }
  }
}
