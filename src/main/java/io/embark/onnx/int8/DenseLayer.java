package io.embark.onnx.int8;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.graph.LiveGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A multiplication by constant float32 weights in a graph, {@code output = input x weights + bias}.
 *
 * @param node its {@code MatMul}, as an index into the graph's nodes
 * @param biasNode the {@code Add} of the bias, or -1
 * @param input {@code [.., in]}
 * @param weights {@code [in, out]}
 * @param bias {@code [out]}, or null
 */
record DenseLayer(
    int node, int biasNode, String input, TensorProto weights, TensorProto bias, String output) {
  int in() {
    return Math.toIntExact(weights.getDims(0));
  }

  int out() {
    return Math.toIntExact(weights.getDims(1));
  }

  /** All of a graph, in the order of its nodes; those inside an If or a Loop are not looked for. */
  static List<DenseLayer> of(GraphProto graph) {
    Map<String, TensorProto> weights = new HashMap<>();
    graph.getInitializerList().forEach(weight -> weights.put(weight.getName(), weight));
    Map<String, Integer> readers = onlyReaders(graph);
    List<DenseLayer> layers = new ArrayList<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      boolean product = is(node, "MatMul") && !weights.containsKey(node.getInput(0));
      TensorProto weight = product ? weights.get(node.getInput(1)) : null;
      if (weight != null && isFloat(weight, 2) && weight.getDims(0) > 0) {
        DenseLayer layer = new DenseLayer(i, -1, node.getInput(0), weight, null, node.getOutput(0));
        int reader = readers.getOrDefault(layer.output(), -1);
        layers.add(reader >= 0 ? layer.withBias(reader, graph, weights) : layer);
      }
    }
    return layers;
  }

  /** Takes a bias along if that is what the only reader of the output adds. */
  private DenseLayer withBias(int reader, GraphProto graph, Map<String, TensorProto> constants) {
    NodeProto add = graph.getNode(reader);
    if (!is(add, "Add")) {
      return this;
    }
    TensorProto added = constants.get(add.getInput(add.getInput(0).equals(output) ? 1 : 0));
    boolean fits = added != null && isFloat(added, 1) && added.getDims(0) == weights.getDims(1);
    return fits ? new DenseLayer(node, reader, input, weights, added, add.getOutput(0)) : this;
  }

  private static boolean is(NodeProto node, String operator) {
    return node.getOpType().equals(operator)
        && node.getInputCount() == 2
        && (node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx"));
  }

  private static boolean isFloat(TensorProto weight, int rank) {
    return weight.getDataType() == DataType.FLOAT.getNumber() && weight.getDimsCount() == rank;
  }

  /** The node that alone reads a tensor; -1 if several do, or it is an output of the graph. */
  private static Map<String, Integer> onlyReaders(GraphProto graph) {
    Map<String, Integer> readers = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      Set<String> read = new HashSet<>();
      LiveGraph.addRead(graph.getNode(i), read);
      for (String tensor : read) {
        readers.merge(tensor, i, (first, second) -> -1);
      }
    }
    graph.getOutputList().forEach(output -> readers.put(output.getName(), -1));
    return readers;
  }
}
