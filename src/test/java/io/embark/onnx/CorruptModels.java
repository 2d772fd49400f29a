package io.embark.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.testing.Corruption;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** ONNX files that are damaged in their bytes, or whole files of graphs that make no sense. */
public final class CorruptModels {
  private static final List<String> OPERATORS =
      List.of(
          "Identity",
          "Cast",
          "Dropout",
          "Add",
          "Sub",
          "Div",
          "Mul",
          "Sqrt",
          "LayerNormalization",
          "SkipLayerNormalization",
          "ReduceMean",
          "Softmax",
          "MatMul",
          "Constant",
          "If",
          "Loop");

  private final List<byte[]> whole = new ArrayList<>();

  public CorruptModels() throws IOException {
    whole.add(StatesModel.of(14, DataType.FLOAT).toByteArray());
    for (String name :
        List.of("bert-opset14.onnx", "bert-opset17.onnx", "bert-opset14-fused.onnx")) {
      try (InputStream in = CorruptModels.class.getResourceAsStream("/onnx/" + name)) {
        whole.add(in.readAllBytes());
      }
    }
  }

  public byte[] of(Random random) throws IOException {
    byte[] model = whole.get(random.nextInt(whole.size()));
    return random.nextBoolean()
        ? Corruption.of(model, random)
        : senseless(ModelProto.parseFrom(model), random).toByteArray();
  }

  private static ModelProto senseless(ModelProto model, Random random) {
    ModelProto.Builder changed = model.toBuilder();
    GraphProto.Builder graph = changed.getGraphBuilder();
    for (int rounds = 1 + random.nextInt(6); rounds > 0; rounds--) {
      int at = random.nextInt(graph.getNodeCount());
      NodeProto.Builder node = graph.getNodeBuilder(at);
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> {
          if (node.getInputCount() > 0) {
            node.setInput(random.nextInt(node.getInputCount()), anyTensor(graph, random));
          }
        }
        case 3 -> node.setOpType(OPERATORS.get(random.nextInt(OPERATORS.size())));
        case 4 -> node.clearInput();
        case 5 -> {
          if (node.getOutputCount() > 0) {
            node.setOutput(0, anyTensor(graph, random));
          }
        }
        case 6 -> node.clearAttribute();
        case 7 -> changed.getOpsetImportBuilder(0).setVersion(random.nextInt(40) - 5);
        default -> {
          if (graph.getOutputCount() > 0) {
            graph
                .getOutputBuilder(random.nextInt(graph.getOutputCount()))
                .setName(anyTensor(graph, random));
          }
        }
      }
    }
    return changed.build();
  }

  private static String anyTensor(GraphProto.Builder graph, Random random) {
    NodeProto node = graph.getNode(random.nextInt(graph.getNodeCount()));
    List<String> names = new ArrayList<>(node.getInputList());
    names.addAll(node.getOutputList());
    return names.isEmpty() ? "" : names.get(random.nextInt(names.size()));
  }
}
