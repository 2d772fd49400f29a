package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a graph has to be before ONNX Runtime gets it, which takes much for granted: some graphs
 * that can be read end the process, and with it the driver or an executor. What can be mended is
 * mended.
 */
final class GraphGuard {
  /** Graphs within graphs; exporters nest three at most. */
  private static final int DEEPEST = 8;

  /** Functions that call functions. */
  private static final int MOST_CALLS = 64;

  private final TensorGuard tensors;

  private GraphGuard(Path folder) {
    tensors = new TensorGuard(folder);
  }

  /**
   * Checks a model, and takes small tensors that lie in other files into it.
   *
   * @param folder of the model's file
   * @throws UserError if anything in it is broken, naming tensor or node
   */
  static ModelProto checked(ModelProto model, Path folder) {
    GraphGuard guard = new GraphGuard(folder);
    requireNoCircles(model.getFunctionsList());
    for (FunctionProto function : model.getFunctionsList()) {
      guard.requireNodes(function.getNodeList(), new HashMap<>(), 0);
    }
    guard.require(model.getGraph(), 0);
    if (!guard.hasToTake(model.getGraph(), true)) {
      return model;
    }
    return model.toBuilder().setGraph(guard.taken(model.getGraph(), true)).build();
  }

  private void require(GraphProto graph, int depth) {
    if (depth > DEEPEST) {
      throw new UserError(
          "the graph is broken: graphs are nested more than %d deep.".formatted(DEEPEST));
    }
    Map<String, TensorProto> constants = new HashMap<>();
    for (TensorProto weight : graph.getInitializerList()) {
      tensors.require(weight);
      if (constants.put(weight.getName(), weight) != null) {
        throw new UserError(
            "the graph is broken: two weights are called `%s`.".formatted(weight.getName()));
      }
    }
    for (SparseTensorProto sparse : graph.getSparseInitializerList()) {
      tensors.require(sparse.getValues());
      tensors.require(sparse.getIndices());
    }
    requireNodes(graph.getNodeList(), constants, depth);
  }

  private void requireNodes(List<NodeProto> nodes, Map<String, TensorProto> constants, int depth) {
    for (NodeProto node : nodes) {
      NodeGuard.require(node, constants);
      for (AttributeProto attribute : node.getAttributeList()) {
        attribute.getTensorsList().forEach(tensors::require);
        if (attribute.hasT()) {
          tensors.require(attribute.getT());
          if (node.getOpType().equals("Constant") && node.getOutputCount() == 1) {
            constants.put(node.getOutput(0), attribute.getT());
          }
        }
        if (attribute.hasG()) {
          require(attribute.getG(), depth + 1);
        }
        attribute.getGraphsList().forEach(graph -> require(graph, depth + 1));
      }
    }
  }

  /** Native code unfolds functions without looking whether that ends. */
  private static void requireNoCircles(List<FunctionProto> functions) {
    Map<String, Set<String>> calls = new HashMap<>();
    for (FunctionProto function : functions) {
      Set<String> called = new HashSet<>();
      addCalls(function.getNodeList(), called, 0);
      String name = function.getDomain() + ":" + function.getName();
      if (calls.put(name, called) != null || function.getOutputCount() == 0) {
        throw new UserError(
            "the graph is broken: its function `%s` is there twice or gives nothing."
                .formatted(name));
      }
    }
    // Each round takes away the functions that call none of those left.
    for (int round = 0; !calls.isEmpty(); round++) {
      Set<String> left = Set.copyOf(calls.keySet());
      boolean some = calls.values().removeIf(called -> called.stream().noneMatch(left::contains));
      if (!some || round > MOST_CALLS) {
        throw new UserError(
            "the graph is broken: its functions %s call themselves or each other without end."
                .formatted(left));
      }
    }
  }

  private static void addCalls(List<NodeProto> nodes, Set<String> called, int depth) {
    for (NodeProto node : nodes) {
      called.add(node.getDomain() + ":" + node.getOpType());
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG() && depth <= DEEPEST) {
          addCalls(attribute.getG().getNodeList(), called, depth + 1);
        }
      }
    }
  }

  private boolean hasToTake(GraphProto graph, boolean outermost) {
    return graph.getInitializerList().stream().anyMatch(t -> tensors.isToBeTaken(t, outermost))
        || graph.getNodeList().stream()
            .flatMap(node -> node.getAttributeList().stream())
            .anyMatch(
                attribute ->
                    attribute.hasT() && tensors.isToBeTaken(attribute.getT(), false)
                        || attribute.hasG() && hasToTake(attribute.getG(), false));
  }

  private GraphProto taken(GraphProto graph, boolean outermost) {
    GraphProto.Builder edited = graph.toBuilder().clearInitializer().clearNode();
    for (TensorProto weight : graph.getInitializerList()) {
      boolean take = tensors.isToBeTaken(weight, outermost);
      edited.addInitializer(take ? tensors.taken(weight) : weight);
    }
    graph.getNodeList().forEach(node -> edited.addNode(taken(node)));
    return edited.build();
  }

  private NodeProto taken(NodeProto node) {
    List<AttributeProto> attributes = new ArrayList<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      AttributeProto.Builder edited = attribute.toBuilder();
      if (attribute.hasT() && tensors.isToBeTaken(attribute.getT(), false)) {
        edited.setT(tensors.taken(attribute.getT()));
      }
      if (attribute.hasG() && hasToTake(attribute.getG(), false)) {
        edited.setG(taken(attribute.getG(), false));
      }
      attributes.add(edited.build());
    }
    return node.toBuilder().clearAttribute().addAllAttribute(attributes).build();
  }
}
