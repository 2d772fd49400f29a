package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.UserError;
import java.util.Map;
import java.util.Optional;

/** Divisions of whole numbers that have no result. */
final class DivisionGuard {
  /** The smallest number of a type, which divided by -1 is too large for it. */
  private static final Map<DataType, Long> LEAST =
      Map.of(DataType.INT32, (long) Integer.MIN_VALUE, DataType.INT64, Long.MIN_VALUE);

  private DivisionGuard() {}

  /**
   * @throws UserError if a constant divisor is 0, or -1 for a number that it cannot divide
   */
  static void require(NodeProto node, Scope scope) {
    int divisor = NodeGuard.operator(node).equals("Range") ? 2 : 1;
    if (node.getInputCount() <= divisor) {
      return;
    }
    String tensor = node.getInput(divisor);
    Optional<WholeNumbers> numbers = WholeNumbers.of(tensor, scope);
    if (numbers.isEmpty()) {
      return;
    }
    if (numbers.get().contains(0)) {
      throw NodeGuard.broken(node, "input `%s` is 0, by which nothing can be divided", tensor);
    }
    Long least = LEAST.get(numbers.get().type());
    if (divisor == 1
        && least != null
        && numbers.get().contains(-1)
        && WholeNumbers.of(node.getInput(0), scope).stream().anyMatch(n -> n.contains(least))) {
      throw NodeGuard.broken(node, "%d cannot be divided by -1", least);
    }
  }
}
