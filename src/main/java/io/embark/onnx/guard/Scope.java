package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.embark.UserError;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The names that a node sees: those of its graph, then those of the graphs around it. A function
 * has names of its own, of which the inputs are what its call gives.
 */
final class Scope {
  /** Where a tensor comes from; both are null if the graph is fed it. */
  record Origin(Scope scope, TensorProto weight, NodeProto maker) {}

  private static final Origin FED = new Origin(null, null, null);
  private static final int UNKNOWN = -1;

  private final Scope outer;
  private final Scope caller;
  private final Map<String, TensorProto> weights = new HashMap<>();
  private final Map<String, NodeProto> makers = new HashMap<>();
  private final Map<String, Integer> ranks = new HashMap<>();

  /** Inputs, and what they are to the caller; an empty name if it does not say. */
  private final Map<String, String> inputs = new HashMap<>();

  /** Attributes of the call, null if there is none to look at. */
  private final Map<String, AttributeProto> given;

  private final boolean inFunction;

  private Scope(Scope outer, Scope caller, Map<String, AttributeProto> given, boolean inFunction) {
    this.outer = outer;
    this.caller = caller;
    this.given = given;
    this.inFunction = inFunction;
  }

  /**
   * @param outer of the node that has the graph; null for the model's
   * @throws UserError if a name has two origins
   */
  static Scope of(GraphProto graph, Scope outer) {
    Scope scope =
        outer == null
            ? new Scope(null, null, null, false)
            : new Scope(outer, null, outer.given, outer.inFunction);
    graph.getInputList().forEach(input -> scope.inputs.put(input.getName(), ""));
    for (TensorProto weight : graph.getInitializerList()) {
      if (scope.weights.put(weight.getName(), weight) != null) {
        throw new UserError(
            "the graph is broken: two weights are called `%s`.".formatted(weight.getName()));
      }
    }
    scope.addRanks(graph.getInputList());
    scope.addRanks(graph.getOutputList());
    scope.addRanks(graph.getValueInfoList());
    scope.addMakers(graph.getNodeList());
    return scope;
  }

  /** The body of a function that nothing calls. */
  static Scope of(FunctionProto function) {
    Scope scope = new Scope(null, null, null, true);
    function.getInputList().forEach(input -> scope.inputs.put(input, ""));
    scope.addMakers(function.getNodeList());
    return scope;
  }

  /** The body of a function as it is for a call that fits it. */
  static Scope of(FunctionProto function, NodeProto call, Scope caller) {
    Map<String, AttributeProto> given = new HashMap<>();
    function.getAttributeProtoList().forEach(preset -> given.put(preset.getName(), preset));
    call.getAttributeList().forEach(attribute -> given.put(attribute.getName(), attribute));
    Scope scope = new Scope(null, caller, given, true);
    for (int i = 0; i < function.getInputCount(); i++) {
      scope.inputs.put(function.getInput(i), i < call.getInputCount() ? call.getInput(i) : "");
    }
    scope.addMakers(function.getNodeList());
    return scope;
  }

  private void addRanks(List<ValueInfoProto> values) {
    for (ValueInfoProto value : values) {
      // Some exporters write no dimensions where they know none.
      int rank = value.getType().getTensorType().getShape().getDimCount();
      if (rank > 0) {
        ranks.put(value.getName(), rank);
      }
    }
  }

  private void addMakers(List<NodeProto> nodes) {
    for (NodeProto node : nodes) {
      for (String output : node.getOutputList()) {
        if (!output.isEmpty()
            && (makers.put(output, node) != null || weights.containsKey(output))) {
          throw NodeGuard.broken(node, "`%s` is made twice", output);
        }
      }
    }
  }

  Origin origin(String tensor) {
    String name = tensor;
    Scope scope = this;
    while (scope != null && !name.isEmpty()) {
      if (scope.weights.containsKey(name)) {
        return new Origin(scope, scope.weights.get(name), null);
      }
      NodeProto maker = scope.makers.get(name);
      if (maker != null) {
        return new Origin(scope, null, scope.bound(maker));
      }
      String actual = scope.inputs.get(name);
      name = actual == null ? name : actual;
      scope = actual == null ? scope.outer : scope.caller;
    }
    return FED;
  }

  /** How many dimensions a tensor has, or -1 if the graph does not say. */
  int rank(String tensor) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      TensorProto weight = scope.weights.get(tensor);
      if (weight != null || scope.ranks.containsKey(tensor)) {
        return weight != null ? weight.getDimsCount() : scope.ranks.get(tensor);
      }
      if (scope.makers.containsKey(tensor) || scope.inputs.containsKey(tensor)) {
        String actual = scope.inputs.getOrDefault(tensor, "");
        return scope.caller == null || actual.isEmpty() ? UNKNOWN : scope.caller.rank(actual);
      }
    }
    return UNKNOWN;
  }

  /**
   * A node as it is here: attributes that refer to those of the function's call are theirs.
   *
   * @throws UserError if an attribute refers to one of another type, or stands in no function
   */
  NodeProto bound(NodeProto node) {
    if (node.getAttributeList().stream().allMatch(a -> a.getRefAttrName().isEmpty())) {
      return node;
    }
    if (!inFunction) {
      throw NodeGuard.broken(node, "it refers to attributes of a function and stands in none");
    }
    if (given == null) {
      return node;
    }
    NodeProto.Builder bound = node.toBuilder().clearAttribute();
    for (AttributeProto attribute : node.getAttributeList()) {
      AttributeProto value =
          attribute.getRefAttrName().isEmpty() ? attribute : given.get(attribute.getRefAttrName());
      if (value != null && value.getType() != attribute.getType()) {
        throw NodeGuard.broken(
            node,
            "attribute `%s` is of type %s and refers to one of type %s",
            attribute.getName(),
            attribute.getType(),
            value.getType());
      }
      if (value != null) {
        bound.addAttribute(value.toBuilder().setName(attribute.getName()));
      }
    }
    return bound.build();
  }
}
