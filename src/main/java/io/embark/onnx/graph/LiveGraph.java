package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.*;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Drops from a graph what its outputs do not need, such as a pooler nobody asked for. */
public final class LiveGraph {
  private LiveGraph() {}

  /** Inputs that are fed stay even if nothing needs them, as the caller feeds them. */
  public static GraphProto of(GraphProto graph) {
    Set<String> live = liveTensors(graph);
    Set<String> weights =
        graph.getInitializerList().stream().map(TensorProto::getName).collect(Collectors.toSet());
    GraphProto.Builder kept =
        graph.toBuilder().clearNode().clearInitializer().clearInput().clearValueInfo();
    graph.getNodeList().stream()
        .filter(node -> node.getOutputList().stream().anyMatch(live::contains))
        .forEach(kept::addNode);
    graph.getInitializerList().stream()
        .filter(weight -> live.contains(weight.getName()))
        .forEach(kept::addInitializer);
    graph.getInputList().stream()
        .filter(input -> live.contains(input.getName()) || !weights.contains(input.getName()))
        .forEach(kept::addInput);
    graph.getValueInfoList().stream()
        .filter(value -> live.contains(value.getName()))
        .forEach(kept::addValueInfo);
    return kept.build();
  }

  private static Set<String> liveTensors(GraphProto graph) {
    Map<String, NodeProto> makers = new HashMap<>();
    graph.getNodeList().forEach(node -> node.getOutputList().forEach(o -> makers.put(o, node)));
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

  /** Adds what a node reads, also in the graphs inside an If or a Loop. */
  public static void addRead(NodeProto node, Set<String> read) {
    read.addAll(node.getInputList());
    for (AttributeProto attribute : node.getAttributeList()) {
      addRead(attribute.getG(), read);
      attribute.getGraphsList().forEach(graph -> addRead(graph, read));
    }
  }

  private static void addRead(GraphProto inner, Set<String> read) {
    inner.getNodeList().forEach(node -> addRead(node, read));
    inner.getOutputList().forEach(output -> read.add(output.getName()));
  }
}
