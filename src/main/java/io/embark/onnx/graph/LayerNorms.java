package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.List;

/**
 * Recognises a layer normalisation in a graph, as one operator ({@code LayerNormalization}, ONNX
 * Runtime's {@code SkipLayerNormalization}) or as what exporters before opset 17 write instead:
 *
 * <pre>
 *   x -> ReduceMean -> Sub -> Pow -> ReduceMean -> Add -> Sqrt -> Div -> Mul(weight) -> Add(bias)
 * </pre>
 */
final class LayerNorms {
  private final OnnxGraph graph;

  LayerNorms(OnnxGraph graph) {
    this.graph = graph;
  }

  /**
   * The two tensors whose sum is normalised to give {@code tensor}; empty if a layer norm does not
   * make it, or not of a sum.
   */
  List<String> summands(String tensor) {
    String origin = graph.origin(tensor);
    return switch (graph.operator(origin)) {
      case "SkipLayerNormalization" -> graph.maker(origin).getInputList().subList(0, 2);
      case "LayerNormalization" -> sum(graph.maker(origin).getInput(0));
      case "Add" -> sum(decomposed(origin));
      default -> List.of();
    };
  }

  /** The two summands behind a tensor; a bias added last is passed over. */
  private List<String> sum(String tensor) {
    NodeProto add = graph.maker(tensor, "Add");
    while (add != null) {
      List<String> variable = variableInputs(add);
      if (variable.size() == 2) {
        return variable;
      }
      add = variable.isEmpty() ? null : graph.maker(variable.get(0), "Add");
    }
    return List.of();
  }

  /** {@code x} of the decomposed form ending in the {@code Add} that makes {@code tensor}. */
  private String decomposed(String tensor) {
    NodeProto division = graph.maker(onlyVariable(onlyVariable(tensor, "Add"), "Mul"), "Div");
    if (division == null || graph.maker(division.getInput(1), "Sqrt") == null) {
      return null;
    }
    NodeProto difference = graph.maker(division.getInput(0), "Sub");
    NodeProto mean = difference == null ? null : graph.maker(difference.getInput(1), "ReduceMean");
    if (mean == null) {
      return null;
    }
    String x = graph.origin(difference.getInput(0));
    return graph.origin(mean.getInput(0)).equals(x) ? x : null;
  }

  /** The input of {@code tensor}'s operator that is not a weight, or null if not just one is. */
  private String onlyVariable(String tensor, String operator) {
    NodeProto node = graph.maker(tensor, operator);
    List<String> variable = node == null ? List.of() : variableInputs(node);
    return variable.size() == 1 ? variable.get(0) : null;
  }

  private List<String> variableInputs(NodeProto node) {
    List<String> variable = new ArrayList<>(node.getInputList());
    variable.removeIf(input -> graph.isConstant(graph.origin(input)));
    return variable;
  }
}
