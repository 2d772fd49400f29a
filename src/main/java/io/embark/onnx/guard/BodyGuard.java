package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.UserError;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The graphs within a node. Encoders of texts have them in If and Loop; other operators that run
 * graphs are refused. What such a graph takes and gives has to fit the node.
 */
final class BodyGuard {
  private BodyGuard() {}

  /**
   * @throws UserError if the node has graphs that it should not have, or lacks those it should have
   */
  static void require(NodeProto node) {
    Set<String> wanted =
        switch (NodeGuard.operator(node)) {
          case "If" -> Set.of("then_branch", "else_branch");
          case "Loop" -> Set.of("body");
          default -> Set.of();
        };
    Set<String> found =
        node.getAttributeList().stream()
            .filter(AttributeProto::hasG)
            .map(AttributeProto::getName)
            .collect(Collectors.toSet());
    if (wanted.isEmpty() && !found.isEmpty()) {
      throw NodeGuard.broken(
          node, "it runs graphs, %s, as only If and Loop do in encoders of texts", found);
    }
    if (!found.equals(wanted)) {
      throw NodeGuard.broken(node, "graphs within it are %s, wanted are %s", found, wanted);
    }
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG() && wanted.contains("body")) {
        // Number of the round, whether to go on, and what goes from round to round.
        requireFit(node, attribute, Math.max(2, node.getInputCount()), node.getOutputCount() + 1);
      } else if (attribute.hasG()) {
        requireFit(node, attribute, 0, node.getOutputCount());
      }
    }
  }

  private static void requireFit(NodeProto node, AttributeProto body, int inputs, int outputs) {
    GraphProto graph = body.getG();
    Set<String> weights =
        graph.getInitializerList().stream().map(TensorProto::getName).collect(Collectors.toSet());
    long fed =
        graph.getInputList().stream().filter(input -> !weights.contains(input.getName())).count();
    if (fed != inputs || graph.getOutputCount() != outputs || outputs < inputs - 1) {
      throw NodeGuard.broken(
          node,
          "graph `%s` within it has %d inputs and %d outputs, wanted are %d and %d",
          body.getName(),
          fed,
          graph.getOutputCount(),
          inputs,
          Math.max(outputs, inputs - 1));
    }
  }
}
