package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.embark.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a graph has to be before ONNX Runtime gets it, which takes much for granted: some graphs
 * that can be read end the process, and with it the driver or an executor. What can be mended is
 * mended; what no encoder of texts has is refused without a closer look.
 *
 * <p>A call of a function is checked as the nodes that it stands for.
 */
public final class GraphGuard {
  /** Graphs within graphs; exporters nest three at most. */
  private static final int DEEPEST = 8;

  /** Functions that call functions. */
  private static final int MOST_CALLS = 64;

  /** All calls unfolded; the graphs of the largest models have some ten thousand. */
  private static final int MOST_NODES = 1_000_000;

  private final TensorGuard tensors;
  private final Functions functions;

  /** Those whose bodies are being looked at, outermost first. */
  private final List<String> open = new ArrayList<>();

  private final Set<String> called = new HashSet<>();
  private int nodes;

  private GraphGuard(TensorGuard tensors, Functions functions) {
    this.tensors = tensors;
    this.functions = functions;
  }

  /**
   * Checks a model, and takes small tensors that lie in other files into it.
   *
   * @param folder of the model's file
   * @throws UserError if anything in it is broken, naming tensor or node
   */
  public static ModelProto checked(ModelProto model, Path folder) {
    TensorGuard tensors = new TensorGuard(folder);
    ModelProto whole = new OutsideTensors(tensors).takenInto(model);
    Functions functions = new Functions(whole.getFunctionsList());
    GraphGuard guard = new GraphGuard(tensors, functions);
    guard.require(whole.getGraph(), null, 0);
    for (FunctionProto function : functions.all()) {
      if (!guard.called.contains(Functions.name(function))) {
        guard.requireBody(function, Scope.of(function), 0);
      }
    }
    return whole;
  }

  private void require(GraphProto graph, Scope outer, int depth) {
    if (depth > DEEPEST) {
      throw new UserError(
          "the graph is broken: graphs are nested more than %d deep.".formatted(DEEPEST));
    }
    if (graph.getSparseInitializerCount() > 0) {
      throw new UserError(
          "the graph has sparse weights (`%s`), which no encoder of texts has."
              .formatted(graph.getSparseInitializer(0).getValues().getName()));
    }
    graph.getInitializerList().forEach(tensors::require);
    requireNodes(graph.getNodeList(), Scope.of(graph, outer), depth);
  }

  private void requireNodes(List<NodeProto> stated, Scope scope, int depth) {
    nodes += stated.size();
    if (nodes > MOST_NODES) {
      throw new UserError(
          "the graph is broken: with its functions unfolded it has more than %d nodes."
              .formatted(MOST_NODES));
    }
    for (NodeProto unbound : stated) {
      NodeProto node = scope.bound(unbound);
      FunctionProto function = functions.called(node);
      node.getAttributeList().stream()
          .filter(AttributeProto::hasT)
          .forEach(attribute -> tensors.require(attribute.getT()));
      NodeGuard.require(node, scope, function != null);
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          require(attribute.getG(), scope, depth + 1);
        }
      }
      if (function != null) {
        Functions.requireFit(node, function);
        requireBody(function, Scope.of(function, node, scope), depth);
      }
    }
  }

  /** Functions are unfolded before a graph is run, so that has to end. */
  private void requireBody(FunctionProto function, Scope scope, int depth) {
    String name = Functions.name(function);
    if (open.contains(name) || open.size() >= MOST_CALLS) {
      throw new UserError(
          "the graph is broken: its function `%s` calls itself, or there are too many between: %s."
              .formatted(name, open));
    }
    open.add(name);
    called.add(name);
    requireNodes(function.getNodeList(), scope, depth);
    open.remove(open.size() - 1);
  }
}
