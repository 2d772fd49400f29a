package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.embark.UserError;
import java.util.Locale;

/** Checks of a node that native code takes for granted. */
final class NodeGuard {
  private static final String CONTRIBUTED = "com.microsoft";

  private NodeGuard() {}

  /**
   * @param scope in which the node stands
   * @param call whether it calls a function of the model
   * @throws UserError if it is no operator of an encoder of texts, an attribute is not what the
   *     operator takes, or a constant cannot be computed with
   */
  static void require(NodeProto node, Scope scope, boolean call) {
    boolean known = isStandard(node.getDomain()) || node.getDomain().equals(CONTRIBUTED);
    if (!call && !known) {
      throw broken(node, "`%s` is neither ONNX's nor a function of the model", node.getDomain());
    }
    if (node.getOutputCount() == 0) {
      throw broken(node, "it makes nothing");
    }
    AttributeGuard.require(node, known && !call);
    BodyGuard.require(node);
    switch (operator(node)) {
      case "Div", "Mod", "Range" -> DivisionGuard.require(node, scope);
      case "Einsum" -> EinsumGuard.require(node, scope);
      default -> {}
    }
  }

  /** An operator's name, with its domain unless that is the standard's. */
  static String operator(NodeProto node) {
    return isStandard(node.getDomain())
        ? node.getOpType()
        : node.getDomain() + ":" + node.getOpType();
  }

  static boolean isStandard(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }

  static UserError broken(NodeProto node, String what, Object... arguments) {
    boolean named = !node.getName().isEmpty() || node.getOutputCount() == 0;
    return new UserError(
        String.format(
            Locale.ROOT,
            "the graph is broken: node `%s` (%s): %s. Export the model again.",
            named ? node.getName() : node.getOutput(0),
            node.getOpType(),
            what.formatted(arguments)));
  }
}
