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

/**
 * What holds of every graph that is whole. A graph is walked from its outputs towards its inputs,
 * and one that is broken must not lead around in circles.
 */
final class GraphStructure {
  /** The operators whose inputs are looked at by their place, and how many places that takes. */
  private static final Map<String, Integer> INPUTS =
      Map.of(
          "Identity", 1,
          "Cast", 1,
          "Dropout", 1,
          "ReduceMean", 1,
          "LayerNormalization", 1,
          "SkipLayerNormalization", 2,
          "Div", 2,
          "Sub", 2);

  private GraphStructure() {}

  /**
   * @throws UserError if an operator lacks an input, or a tensor is made of itself
   */
  static void check(GraphProto graph) {
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
    requireOrder(graph, makers);
  }

  /** Takes away, over and over, the nodes whose inputs are there; a circle remains. */
  private static void requireOrder(GraphProto graph, Map<String, Integer> makers) {
    int nodes = graph.getNodeCount();
    int[] waitsFor = new int[nodes];
    List<List<Integer>> waiting = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      waiting.add(new ArrayList<>());
    }
    for (int i = 0; i < nodes; i++) {
      for (String input : graph.getNode(i).getInputList()) {
        Integer maker = makers.get(input);
        if (maker != null) {
          waitsFor[i]++;
          waiting.get(maker).add(i);
        }
      }
    }
    Deque<Integer> ready = new ArrayDeque<>();
    for (int i = 0; i < nodes; i++) {
      if (waitsFor[i] == 0) {
        ready.add(i);
      }
    }
    int taken = 0;
    while (!ready.isEmpty()) {
      taken++;
      for (int next : waiting.get(ready.pop())) {
        if (--waitsFor[next] == 0) {
          ready.add(next);
        }
      }
    }
    for (int i = 0; taken < nodes && i < nodes; i++) {
      if (waitsFor[i] > 0) {
        throw new UserError(
            "the graph is broken: what node `%s` (%s) makes is also what it is made of."
                .formatted(graph.getNode(i).getName(), graph.getNode(i).getOpType()));
      }
    }
  }
}
