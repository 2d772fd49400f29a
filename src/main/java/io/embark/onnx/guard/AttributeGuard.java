package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.embark.UserError;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Attributes of a node that native code takes to be there, of their type and above 0. */
final class AttributeGuard {
  /** Sparse tensors, types and lists of tensors or graphs are in no encoder of texts. */
  private static final Set<AttributeType> KNOWN =
      EnumSet.of(
          AttributeType.FLOAT,
          AttributeType.FLOATS,
          AttributeType.INT,
          AttributeType.INTS,
          AttributeType.STRING,
          AttributeType.STRINGS,
          AttributeType.TENSOR,
          AttributeType.GRAPH);

  /** Attributes that have one type with every operator. */
  private static final Map<String, AttributeType> TYPES = new HashMap<>();

  static {
    put(AttributeType.INT, "axis keepdims to transA transB num_heads group exclusive reverse");
    put(AttributeType.INTS, "axes perm kernel_shape pads strides dilations");
    put(AttributeType.FLOAT, "epsilon alpha beta gamma");
    put(AttributeType.STRING, "equation approximate");
    put(AttributeType.GRAPH, "body then_branch else_branch");
  }

  /** The forms that a constant has. */
  private static final Map<String, AttributeType> VALUES =
      Map.of(
          "value", AttributeType.TENSOR,
          "value_int", AttributeType.INT,
          "value_ints", AttributeType.INTS,
          "value_float", AttributeType.FLOAT,
          "value_floats", AttributeType.FLOATS,
          "value_string", AttributeType.STRING,
          "value_strings", AttributeType.STRINGS);

  /** As many as something is divided into. */
  private static final Set<String> COUNTS =
      Set.of(
          "num_heads",
          "q_num_heads",
          "kv_num_heads",
          "group",
          "num_groups",
          "num_outputs",
          "blocksize",
          "kernel_shape",
          "strides",
          "dilations");

  private AttributeGuard() {}

  private static void put(AttributeType type, String names) {
    Arrays.stream(names.split(" ")).forEach(name -> TYPES.put(name, type));
  }

  /**
   * @param known whether the node is an operator of the standard or of ONNX Runtime
   * @throws UserError naming the attribute
   */
  static void require(NodeProto node, boolean known) {
    Set<String> names = new HashSet<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      String name = attribute.getName();
      if (!KNOWN.contains(attribute.getType())) {
        throw NodeGuard.broken(
            node,
            "attribute `%s` is of type %s, which no encoder of texts has",
            name,
            attribute.getType());
      }
      AttributeType wanted = known ? TYPES.getOrDefault(name, attribute.getType()) : null;
      if (known && attribute.getType() != wanted) {
        throw NodeGuard.broken(
            node, "attribute `%s` is of type %s, wanted is %s", name, attribute.getType(), wanted);
      }
      if (!names.add(name)) {
        throw NodeGuard.broken(node, "attribute `%s` is there twice", name);
      }
      if (attribute.getRefAttrName().isEmpty()) {
        requireValue(node, attribute);
      }
    }
    if (NodeGuard.operator(node).equals("Constant")) {
      requireConstant(node);
    }
  }

  private static void requireValue(NodeProto node, AttributeProto attribute) {
    String name = attribute.getName();
    if (attribute.getType() == AttributeType.GRAPH && !attribute.hasG()
        || attribute.getType() == AttributeType.TENSOR && !attribute.hasT()) {
      throw NodeGuard.broken(node, "attribute `%s` is empty", name);
    }
    // 0 heads of a rotation are as many as there are.
    boolean count = COUNTS.contains(name) && !node.getOpType().equals("RotaryEmbedding");
    if (count
        && (attribute.getType() == AttributeType.INT && attribute.getI() < 1
            || attribute.getIntsList().stream().anyMatch(value -> value < 1))) {
      throw NodeGuard.broken(node, "attribute `%s` is not above 0", name);
    }
  }

  private static void requireConstant(NodeProto node) {
    boolean one = node.getAttributeCount() == 1 && node.getOutputCount() == 1;
    if (!one || VALUES.get(node.getAttribute(0).getName()) != node.getAttribute(0).getType()) {
      throw NodeGuard.broken(node, "it is not one value");
    }
  }
}
