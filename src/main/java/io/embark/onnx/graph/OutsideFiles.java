package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.embark.onnx.guard.ExternalData;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The files beside a graph that hold tensors of it: weights, and those in attributes of nodes, in
 * the graphs within nodes and in functions.
 */
public final class OutsideFiles {
  private final SortedSet<String> locations = new TreeSet<>();

  private OutsideFiles() {}

  /**
   * @return paths relative to the graph's folder, as the graph has them
   * @throws io.embark.UserError if it is no ONNX model
   */
  public static SortedSet<String> of(Path onnxFile) {
    ModelProto model = ModelFile.read(onnxFile);
    OutsideFiles found = new OutsideFiles();
    found.look(model.getGraph());
    for (FunctionProto function : model.getFunctionsList()) {
      found.look(function.getNodeList());
      function.getAttributeProtoList().forEach(found::look);
    }
    return found.locations;
  }

  private void look(GraphProto graph) {
    graph.getInitializerList().forEach(this::look);
    look(graph.getNodeList());
  }

  private void look(List<NodeProto> nodes) {
    nodes.forEach(node -> node.getAttributeList().forEach(this::look));
  }

  private void look(AttributeProto attribute) {
    if (attribute.hasT()) {
      look(attribute.getT());
    }
    if (attribute.hasG()) {
      look(attribute.getG());
    }
    attribute.getTensorsList().forEach(this::look);
    attribute.getGraphsList().forEach(this::look);
  }

  private void look(TensorProto tensor) {
    String location = ExternalData.of(tensor).getOrDefault("location", "");
    if (!location.isEmpty()) {
      locations.add(location);
    }
  }
}
