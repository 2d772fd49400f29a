package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.UserError;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Checks of a node that native code takes for granted. */
final class NodeGuard {
  /** Attributes of the standard's operators that have one type wherever they occur. */
  private static final Map<String, AttributeType> TYPES = new HashMap<>();

  static {
    put(AttributeType.INT, "axis keepdims to transA transB num_heads group exclusive reverse");
    put(AttributeType.INTS, "axes perm kernel_shape pads strides dilations");
    put(AttributeType.FLOAT, "epsilon alpha beta gamma");
    put(AttributeType.STRING, "equation approximate");
    put(AttributeType.GRAPH, "body then_branch else_branch");
  }

  /** Divisions of whole numbers end the process where the divisor is 0. */
  private static final Set<String> DIVISIONS = Set.of("Div", "Mod");

  private NodeGuard() {}

  private static void put(AttributeType type, String names) {
    Arrays.stream(names.split(" ")).forEach(name -> TYPES.put(name, type));
  }

  /**
   * @param constants of the graph that the node stands in, by name
   * @throws UserError if an attribute is not of its type, or a constant cannot be computed with
   */
  static void require(NodeProto node, Map<String, TensorProto> constants) {
    for (AttributeProto attribute : node.getAttributeList()) {
      AttributeType wanted = node.getDomain().isEmpty() ? TYPES.get(attribute.getName()) : null;
      boolean reference = !attribute.getRefAttrName().isEmpty();
      if (wanted != null && attribute.getType() != wanted && !reference) {
        throw broken(
            node,
            "attribute `%s` is of type %s, wanted is %s",
            attribute.getName(),
            attribute.getType(),
            wanted);
      }
      if (attribute.getType() == AttributeType.GRAPH && !attribute.hasG() && !reference
          || attribute.getType() == AttributeType.TENSOR && !attribute.hasT() && !reference) {
        throw broken(node, "attribute `%s` is empty", attribute.getName());
      }
    }
    String operator = node.getOpType();
    if (DIVISIONS.contains(operator) && node.getInputCount() > 1) {
      requireNoZero(node, constants.get(node.getInput(1)));
    } else if (operator.equals("Range") && node.getInputCount() > 2) {
      requireNoZero(node, constants.get(node.getInput(2)));
    } else if (operator.equals("Einsum")) {
      requireEquation(node);
    }
  }

  private static void requireNoZero(NodeProto node, TensorProto divisor) {
    if (divisor == null || isFraction(divisor)) {
      return;
    }
    boolean zero =
        divisor.getInt64DataList().contains(0L)
            || divisor.getInt32DataList().contains(0)
            || divisor.getUint64DataList().contains(0L)
            || divisor.hasRawData() && hasZero(divisor);
    if (zero) {
      throw broken(node, "input `%s` is 0, by which nothing can be divided", divisor.getName());
    }
  }

  private static boolean isFraction(TensorProto tensor) {
    DataType type = DataType.forNumber(tensor.getDataType());
    return type == null || type.name().contains("FLOAT") || type == DataType.DOUBLE;
  }

  private static boolean hasZero(TensorProto tensor) {
    var bytes = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    int width =
        switch (DataType.forNumber(tensor.getDataType())) {
          case INT64, UINT64 -> 8;
          case INT32, UINT32 -> 4;
          case INT16, UINT16 -> 2;
          default -> 1;
        };
    for (int at = 0; at + width <= bytes.limit(); at += width) {
      boolean zero = true;
      for (int i = 0; i < width; i++) {
        zero &= bytes.get(at + i) == 0;
      }
      if (zero) {
        return true;
      }
    }
    return false;
  }

  /** {@code ab,bc->ac}: a term for each input, of letters, and each letter of the result in one. */
  private static void requireEquation(NodeProto node) {
    String equation =
        node.getAttributeList().stream()
            .filter(attribute -> attribute.getName().equals("equation"))
            .map(attribute -> attribute.getS().toStringUtf8())
            .findFirst()
            .orElse("")
            .replace(" ", "");
    String[] sides = equation.split("->", -1);
    String[] terms = sides[0].split(",", -1);
    boolean known =
        sides.length <= 2
            && terms.length == node.getInputCount()
            && equation.replace("...", "").replace("->", "").matches("[A-Za-z,]*");
    if (known && sides.length == 2) {
      String result = sides[1].replace("...", "");
      known =
          result.chars().distinct().count() == result.length()
              && result.chars().allMatch(letter -> sides[0].indexOf(letter) >= 0);
    }
    if (!known) {
      throw broken(node, "equation '%s' is not one of %d inputs", equation, node.getInputCount());
    }
  }

  private static UserError broken(NodeProto node, String what, Object... arguments) {
    return new UserError(
        String.format(
            Locale.ROOT,
            "the graph is broken: node `%s` (%s): %s. Export the model again.",
            node.getName(),
            node.getOpType(),
            what.formatted(arguments)));
  }
}
