package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.embark.UserError;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The functions that a model defines, to which native code takes their calls to fit. */
final class Functions {
  private final Map<String, FunctionProto> byName = new LinkedHashMap<>();

  /**
   * @throws UserError if one is defined twice, gives nothing or names two of its inputs alike
   */
  Functions(List<FunctionProto> functions) {
    for (FunctionProto function : functions) {
      String name = name(function);
      require(name, byName.put(name, function) == null, "is there twice");
      require(name, function.getOutputCount() > 0, "gives nothing");
      require(name, inputs(function) == function.getInputCount(), "has two inputs of one name");
      require(name, !NodeGuard.isStandard(function.getDomain()), "stands for a standard operator");
    }
  }

  private static long inputs(FunctionProto function) {
    return function.getInputList().stream().distinct().count();
  }

  private static void require(String name, boolean holds, String otherwise) {
    if (!holds) {
      throw new UserError("the graph is broken: its function `%s` %s.".formatted(name, otherwise));
    }
  }

  Collection<FunctionProto> all() {
    return byName.values();
  }

  /** The function that a node calls, or null if it is an operator. */
  FunctionProto called(NodeProto node) {
    return byName.get(name(node.getDomain(), node.getOpType(), node.getOverload()));
  }

  static String name(FunctionProto function) {
    return name(function.getDomain(), function.getName(), function.getOverload());
  }

  private static String name(String domain, String name, String overload) {
    return domain + ":" + name + (overload.isEmpty() ? "" : ":" + overload);
  }

  /**
   * @throws UserError if a call has more inputs or outputs than its function, or other attributes
   */
  static void requireFit(NodeProto call, FunctionProto function) {
    if (call.getInputCount() > function.getInputCount()
        || call.getOutputCount() > function.getOutputCount()) {
      throw NodeGuard.broken(
          call,
          "it has %d inputs and %d outputs, its function has %d and %d",
          call.getInputCount(),
          call.getOutputCount(),
          function.getInputCount(),
          function.getOutputCount());
    }
    List<String> declared =
        Stream.concat(
                function.getAttributeList().stream(),
                function.getAttributeProtoList().stream().map(AttributeProto::getName))
            .toList();
    for (AttributeProto attribute : call.getAttributeList()) {
      if (!declared.contains(attribute.getName())) {
        throw NodeGuard.broken(
            call, "attribute `%s` is none of its function's %s", attribute.getName(), declared);
      }
    }
  }
}
