package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.*;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** A model's main graph, indexed to be walked from a tensor to what made it. A view. */
public final class OnnxGraph {
  final ModelProto model;
  private final Map<String, NodeProto> makers = new HashMap<>();

  /** Those that the graph stores, by name. */
  final Map<String, TensorProto> weights = new HashMap<>();

  /** What the graph is fed, weights not counted. */
  final List<TensorSignature> inputs;

  final List<TensorSignature> outputs;

  public OnnxGraph(ModelProto model) {
    this.model = model;
    GraphProto graph = model.getGraph();
    GraphChecks.requireWhole(graph);
    graph.getInitializerList().forEach(weight -> weights.put(weight.getName(), weight));
    graph.getNodeList().forEach(node -> node.getOutputList().forEach(o -> makers.put(o, node)));
    // Old exports list their weights among the inputs.
    inputs =
        graph.getInputList().stream()
            .map(TensorSignature::of)
            .filter(input -> !weights.containsKey(input.name()))
            .toList();
    outputs = graph.getOutputList().stream().map(TensorSignature::of).toList();
  }

  /** The node that makes a tensor, or null if it is an input, a weight or unknown. */
  NodeProto maker(String tensor) {
    return makers.get(tensor);
  }

  /** This operator if it makes a tensor, nodes that keep values passed over, or null. */
  NodeProto maker(String tensor, String operator) {
    NodeProto maker = tensor == null ? null : maker(origin(tensor));
    return maker != null && maker.getOpType().equals(operator) ? maker : null;
  }

  /** The operator that makes a tensor, or an empty string. */
  String operator(String tensor) {
    NodeProto maker = makers.get(tensor);
    return maker == null ? "" : maker.getOpType();
  }

  boolean isConstant(String tensor) {
    return weights.containsKey(tensor) || operator(tensor).equals("Constant");
  }

  /** A weight, or the value of a Constant node; null if the tensor is neither. */
  TensorProto constant(String tensor) {
    String origin = origin(tensor);
    return operator(origin).equals("Constant")
        ? maker(origin).getAttributeList().stream()
            .filter(attribute -> attribute.getName().equals("value"))
            .map(AttributeProto::getT)
            .findFirst()
            .orElse(null)
        : weights.get(origin);
  }

  /** The tensor that {@code tensor} is, before any nodes that keep its values. */
  String origin(String tensor) {
    String origin = tensor;
    while (Set.of("Identity", "Cast", "Dropout").contains(operator(origin))) {
      origin = maker(origin).getInput(0);
    }
    return origin;
  }

  /** A tensor and those that it is made of; nothing behind one to stop at. */
  Set<String> behind(String tensor, Predicate<String> stop) {
    Set<String> found = new HashSet<>(Set.of(tensor));
    Deque<String> open = new ArrayDeque<>(found);
    while (!open.isEmpty()) {
      String next = open.pop();
      NodeProto maker = stop.test(next) ? null : maker(next);
      if (maker != null) {
        maker.getInputList().stream()
            .filter(input -> !input.isEmpty() && found.add(input))
            .forEach(open::push);
      }
    }
    return found;
  }

  /** Every name that a new tensor cannot have. */
  public Set<String> tensorNames() {
    Set<String> names = new HashSet<>(makers.keySet());
    names.addAll(weights.keySet());
    inputs.forEach(input -> names.add(input.name()));
    return names;
  }

  /** Version of the standard operators, or 0 if the model states none. */
  public long opset() {
    return model.getOpsetImportList().stream()
        .filter(opset -> opset.getDomain().isEmpty() || opset.getDomain().equals("ai.onnx"))
        .mapToLong(OperatorSetIdProto::getVersion)
        .max()
        .orElse(0);
  }

  /** Inputs and outputs, for errors. */
  String describe() {
    return "inputs " + ModelOutputs.list(inputs) + "; outputs " + ModelOutputs.list(outputs);
  }
}
