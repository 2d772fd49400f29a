package io.embark.model;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Graphs that say their weights are in other files; never to be run. */
public final class GraphsWithWeights {
  private GraphsWithWeights() {}

  public static void write(Path onnxFile, String... locations) throws IOException {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("g");
    graph.addNode(NodeProto.newBuilder().setOpType("Identity").addInput("a").addOutput("b"));
    graph.addInitializer(
        TensorProto.newBuilder().setName("own").setRawData(ByteString.copyFrom(new byte[100])));
    for (String location : locations) {
      graph.addInitializer(
          TensorProto.newBuilder()
              .setName("w" + location)
              .setDataLocation(TensorProto.DataLocation.EXTERNAL)
              .addExternalData(entry("location", location))
              .addExternalData(entry("offset", "0")));
    }
    Files.createDirectories(onnxFile.getParent());
    Files.write(
        onnxFile, ModelProto.newBuilder().setIrVersion(8).setGraph(graph).build().toByteArray());
  }

  /** One whose only weight lies in a node of a graph within a node of a function. */
  public static void writeDeep(Path onnxFile, String location) throws IOException {
    TensorProto.Builder weight =
        TensorProto.newBuilder()
            .setName("w")
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", location));
    NodeProto constant =
        NodeProto.newBuilder()
            .setOpType("Constant")
            .addOutput("c")
            .addAttribute(AttributeProto.newBuilder().setName("value").setT(weight))
            .build();
    NodeProto branch =
        NodeProto.newBuilder()
            .setOpType("If")
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("then_branch")
                    .setG(GraphProto.newBuilder().setName("then").addNode(constant)))
            .build();
    write(onnxFile);
    ModelProto plain = ModelProto.parseFrom(Files.readAllBytes(onnxFile));
    FunctionProto function = FunctionProto.newBuilder().setName("f").addNode(branch).build();
    Files.write(onnxFile, plain.toBuilder().addFunctions(function).build().toByteArray());
  }

  private static StringStringEntryProto.Builder entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value);
  }
}
