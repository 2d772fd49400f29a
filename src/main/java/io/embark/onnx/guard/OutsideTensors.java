package io.embark.onnx.guard;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.List;

/** Takes tensors that lie in other files into the model, unless they are large weights. */
record OutsideTensors(TensorGuard tensors) {
  /** The model itself if there are none. */
  ModelProto takenInto(ModelProto model) {
    GraphProto graph = model.getGraph();
    boolean any =
        hasToTake(graph, true)
            || model.getFunctionsList().stream().anyMatch(f -> hasToTake(f.getNodeList()));
    if (!any) {
      return model;
    }
    ModelProto.Builder edited = model.toBuilder().setGraph(taken(graph, true)).clearFunctions();
    for (FunctionProto function : model.getFunctionsList()) {
      FunctionProto.Builder body = function.toBuilder().clearNode();
      function.getNodeList().forEach(node -> body.addNode(taken(node)));
      edited.addFunctions(body);
    }
    return edited.build();
  }

  private boolean hasToTake(GraphProto graph, boolean outermost) {
    return graph.getInitializerList().stream().anyMatch(t -> tensors.isToBeTaken(t, outermost))
        || hasToTake(graph.getNodeList());
  }

  private boolean hasToTake(List<NodeProto> nodes) {
    return nodes.stream()
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
    NodeProto.Builder edited = node.toBuilder();
    for (AttributeProto.Builder attribute : edited.getAttributeBuilderList()) {
      if (attribute.hasT() && tensors.isToBeTaken(attribute.getT(), false)) {
        attribute.setT(tensors.taken(attribute.getT()));
      }
      if (attribute.hasG() && hasToTake(attribute.getG(), false)) {
        attribute.setG(taken(attribute.getG(), false));
      }
    }
    return edited.build();
  }
}
