package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Drops from a graph what its outputs do not need, such as a pooler nobody asked for. */
public final class LiveGraph {
  private LiveGraph() {}

  /**
   * Inputs that are fed stay even if nothing needs them: the caller feeds the same to any graph.
   */
  public static GraphProto of(GraphProto graph) {
    Set<String> live = liveTensors(graph);
    Set<String> weights =
        graph.getInitializerList().stream().map(TensorProto::getName).collect(Collectors.toSet());
    GraphProto.Builder kept = graph.toBuilder();
    kept.clearNode()
        .addAllNode(
            graph.getNodeList().stream()
                .filter(node -> node.getOutputList().stream().anyMatch(live::contains))
                .toList());
    kept.clearInitializer()
        .addAllInitializer(
            graph.getInitializerList().stream().filter(w -> live.contains(w.getName())).toList());
    kept.clearInput()
        .addAllInput(
            graph.getInputList().stream()
                .filter(i -> live.contains(i.getName()) || !weights.contains(i.getName()))
                .toList());
    List<ValueInfoProto> notes =
        graph.getValueInfoList().stream().filter(v -> live.contains(v.getName())).toList();
    return kept.clearValueInfo().addAllValueInfo(notes).build();
  }

  private static Set<String> liveTensors(GraphProto graph) {
    Map<String, NodeProto> makers = new HashMap<>();
    for (NodeProto node : graph.getNodeList()) {
      node.getOutputList().forEach(output -> makers.put(output, node));
    }
    Set<String> live =
        graph.getOutputList().stream().map(ValueInfoProto::getName).collect(Collectors.toSet());
    Deque<String> open = new ArrayDeque<>(live);
    while (!open.isEmpty()) {
      NodeProto maker = makers.get(open.pop());
      if (maker != null) {
        Set<String> read = new HashSet<>();
        addRead(maker, read);
        read.stream().filter(live::add).forEach(open::push);
      }
    }
    return live;
  }

  /** What a node reads; the graphs inside an If or a Loop read the outer graph's tensors too. */
  static void addRead(NodeProto node, Set<String> read) {
    read.addAll(node.getInputList());
    for (AttributeProto attribute : node.getAttributeList()) {
      for (NodeProto inner : attribute.getG().getNodeList()) {
        addRead(inner, read);
      }
      attribute.getG().getOutputList().forEach(output -> read.add(output.getName()));
      for (GraphProto graph : attribute.getGraphsList()) {
        graph.getNodeList().forEach(inner -> addRead(inner, read));
        graph.getOutputList().forEach(output -> read.add(output.getName()));
      }
    }
  }
}
