package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
      case "Add" -> decomposed(origin).map(this::sum).orElse(List.of());
      default -> List.of();
    };
  }

  /** The two summands behind a tensor; a bias added last is passed over. */
  private List<String> sum(String tensor) {
    String origin = graph.origin(tensor);
    while (graph.operator(origin).equals("Add")) {
      List<String> variable = variableInputs(graph.maker(origin));
      if (variable.size() == 2) {
        return variable;
      }
      if (variable.isEmpty()) {
        break;
      }
      origin = graph.origin(variable.get(0));
    }
    return List.of();
  }

  /** {@code x} of the decomposed form ending in the {@code Add} that makes {@code tensor}. */
  private Optional<String> decomposed(String tensor) {
    return onlyVariable(tensor, "Add")
        .flatMap(scaled -> onlyVariable(scaled, "Mul"))
        .map(graph::origin)
        .filter(normalised -> graph.operator(normalised).equals("Div"))
        .flatMap(normalised -> centred(graph.maker(normalised)));
  }

  /** {@code x} of {@code (x - mean(x)) / Sqrt(..)}. */
  private Optional<String> centred(NodeProto division) {
    String difference = graph.origin(division.getInput(0));
    String deviation = graph.origin(division.getInput(1));
    if (!graph.operator(difference).equals("Sub") || !graph.operator(deviation).equals("Sqrt")) {
      return Optional.empty();
    }
    NodeProto sub = graph.maker(difference);
    String mean = graph.origin(sub.getInput(1));
    String x = graph.origin(sub.getInput(0));
    boolean ofItself =
        graph.operator(mean).equals("ReduceMean")
            && graph.origin(graph.maker(mean).getInput(0)).equals(x);
    return ofItself ? Optional.of(x) : Optional.empty();
  }

  /** The input of {@code tensor}'s operator that is not a weight, if just one is. */
  private Optional<String> onlyVariable(String tensor, String operator) {
    String origin = graph.origin(tensor);
    if (!graph.operator(origin).equals(operator)) {
      return Optional.empty();
    }
    List<String> variable = variableInputs(graph.maker(origin));
    return variable.size() == 1 ? Optional.of(variable.get(0)) : Optional.empty();
  }

  private List<String> variableInputs(NodeProto node) {
    List<String> variable = new ArrayList<>(node.getInputList());
    variable.removeIf(input -> graph.isConstant(graph.origin(input)));
    return variable;
  }
}
