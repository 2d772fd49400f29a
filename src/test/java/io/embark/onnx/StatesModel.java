package io.embark.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.embark.onnx.graph.TensorSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model that returns the token states and the pooler output it is fed, of any opset and type. */
public final class StatesModel {
  public static final int HIDDEN = 5;

  private StatesModel() {}

  public static ModelProto of(int opset, DataType type) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("states")
            .addInput(TensorSignature.declare("states", type, "b", "l", HIDDEN))
            .addInput(TensorSignature.declare("model_pooler", type, "b", HIDDEN))
            .addInput(TensorSignature.declare("attention_mask", DataType.INT64, "b", "l"))
            .addNode(node("Identity", "last_hidden_state", "states"))
            .addNode(node("Identity", "882", "model_pooler"))
            .addOutput(TensorSignature.declare("last_hidden_state", type, "b", "l", HIDDEN))
            .addOutput(TensorSignature.declare("882", type, "b", HIDDEN));
    return model(opset, graph);
  }

  public static ModelProto model(int opset, GraphProto.Builder graph) {
    return ModelProto.newBuilder()
        .setIrVersion(opset < 19 ? 6 : 10)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset))
        .setGraph(graph)
        .build();
  }

  public static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  /** The model of opset 14 in float32 with other inputs and outputs. */
  public static ModelProto withOutputs(ValueInfoProto... outputs) {
    ModelProto.Builder model = of(14, DataType.FLOAT).toBuilder();
    model.getGraphBuilder().clearOutput().addAllOutput(List.of(outputs));
    return model.build();
  }

  public static Path save(Path folder, ModelProto model) throws IOException {
    return Files.write(Files.createTempFile(folder, "states", ".onnx"), model.toByteArray());
  }
}
