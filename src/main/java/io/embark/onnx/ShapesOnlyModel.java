package io.embark.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A graph that looks like BERT from outside and computes next to nothing: what is left when it is
 * run is what feeding a model costs. Takes {@code [B, L]} ids, mask and types; gives {@code
 * last_hidden_state [B, L, H]}, rows of a small table picked by token id, and {@code pooler_output
 * [B, H]}, which is another one for other ids: vectors that are all alike would compress to nothing
 * when they are written. The two do not depend on each other, so that whoever asks for the pooler
 * pays for no states.
 */
public final class ShapesOnlyModel {
  private static final int TABLE_ROWS = 64;
  private static final String BATCH = "batch";
  private static final String LENGTH = "length";

  private ShapesOnlyModel() {}

  /**
   * Writes the graph.
   *
   * @param hiddenSize H
   */
  public static void write(Path onnxFile, int hiddenSize) throws IOException {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("shapes_only");
    for (String input : List.of("input_ids", "attention_mask", "token_type_ids")) {
      graph.addInput(value(input, TensorProto.DataType.INT64, shape(BATCH, LENGTH)));
    }
    graph.addInitializer(table(hiddenSize));
    graph.addInitializer(scalar("rows", TABLE_ROWS));
    graph.addInitializer(scalar("length_axis", 1).toBuilder().addDims(1));
    graph.addInitializer(scalar("turn", 40_503));
    graph.addInitializer(scalar("numbers", 65_537));
    graph.addInitializer(scales(hiddenSize));
    graph.addNode(node("Mod", "row", "input_ids", "rows"));
    graph.addNode(node("Gather", "last_hidden_state", "table", "row"));
    // One of 65,537 numbers for a text, spread over H values in [-1, 1]: sin(scale * number).
    graph.addNode(
        node("ReduceSum", "sum", "input_ids", "length_axis").toBuilder()
            .addAttribute(integer("keepdims", 1)));
    graph.addNode(node("Mul", "turned", "sum", "turn"));
    graph.addNode(node("Mod", "whole", "turned", "numbers"));
    graph.addNode(node("Cast", "text", "whole").toBuilder().addAttribute(integer("to", 1)));
    graph.addNode(node("Mul", "scaled", "text", "scales"));
    graph.addNode(node("Sin", "pooler_output", "scaled"));
    graph.addOutput(
        value(
            "last_hidden_state",
            TensorProto.DataType.FLOAT,
            shape(BATCH, LENGTH).addDim(size(hiddenSize))));
    graph.addOutput(
        value("pooler_output", TensorProto.DataType.FLOAT, shape(BATCH).addDim(size(hiddenSize))));
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(7)
            .setProducerName("embark")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
            .setGraph(graph)
            .build();
    Files.write(onnxFile, model.toByteArray());
  }

  /** Values from -1 to 1 that differ, for constant ones would compress to nothing. */
  private static TensorProto table(int hiddenSize) {
    ByteBuffer values =
        ByteBuffer.allocate(4 * TABLE_ROWS * hiddenSize).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < TABLE_ROWS * hiddenSize; i++) {
      values.putFloat((float) Math.sin(1 + i * 1.3 + (double) i * i * 0.01));
    }
    return TensorProto.newBuilder()
        .setName("table")
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .addDims(TABLE_ROWS)
        .addDims(hiddenSize)
        .setRawData(ByteString.copyFrom(values.flip()))
        .build();
  }

  private static TensorProto scalar(String name, long value) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(TensorProto.DataType.INT64.getNumber())
        .addInt64Data(value)
        .build();
  }

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static TensorProto scales(int hiddenSize) {
    float[] scales = new float[hiddenSize];
    for (int i = 0; i < hiddenSize; i++) {
      scales[i] = 0.01f + 0.1f * (i * 0.7548777f % 1);
    }
    return floats("scales", scales).toBuilder().addDims(hiddenSize).build();
  }

  /** Without dimensions: a scalar, unless they are added. */
  private static TensorProto floats(String name, float... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT.getNumber());
    for (float value : values) {
      tensor.addFloatData(value);
    }
    return tensor.build();
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setName(output)
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  private static TensorShapeProto.Dimension size(int value) {
    return TensorShapeProto.Dimension.newBuilder().setDimValue(value).build();
  }

  private static TensorShapeProto.Builder shape(String... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (String dimension : dimensions) {
      shape.addDimBuilder().setDimParam(dimension);
    }
    return shape;
  }

  private static ValueInfoProto value(
      String name, TensorProto.DataType type, TensorShapeProto.Builder shape) {
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }
}
