package io.embark.bench;

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
import java.util.Random;

/**
 * A graph that looks like BERT from outside and computes next to nothing: what is left when it is
 * run is what feeding a model costs. Takes {@code [B, L]} ids, mask and types; gives {@code
 * last_hidden_state [B, L, H]}, rows of a small table picked by token id, and {@code pooler_output
 * [B, H]}, the sum of two rows picked by the sum of the ids: about a million different vectors
 * whose values are spread like those of a real one of length 1, for how long they take to be
 * compressed depends on it. The two do not depend on each other, so that whoever asks for the
 * pooler pays for no states.
 */
public final class ShapesOnlyModel {
  private static final int STATE_ROWS = 64;

  /** Of each of the two that vectors are summed from; many, as Snappy finds what it saw lately. */
  private static final int VECTOR_ROWS = 1024;

  /** The largest below VECTOR_ROWS squared, the number of pairs of rows. */
  private static final int LARGEST_PRIME = 1_048_573;

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
    graph.addInitializer(table("table", STATE_ROWS, hiddenSize, 1));
    graph.addInitializer(table("left", VECTOR_ROWS, hiddenSize, 2));
    graph.addInitializer(table("right", VECTOR_ROWS, hiddenSize, 3));
    graph.addInitializer(scalar("rows", STATE_ROWS));
    graph.addInitializer(scalar("vector_rows", VECTOR_ROWS));
    graph.addInitializer(scalar("length_axis", 1).toBuilder().addDims(1));
    graph.addInitializer(scalar("turn", 40_503));
    graph.addInitializer(scalar("numbers", LARGEST_PRIME));
    graph.addNode(node("Mod", "row", "input_ids", "rows"));
    graph.addNode(node("Gather", "last_hidden_state", "table", "row"));
    graph.addNode(
        node("ReduceSum", "sum", "input_ids", "length_axis").toBuilder()
            .addAttribute(integer("keepdims", 0)));
    graph.addNode(node("Mul", "turned", "sum", "turn"));
    graph.addNode(node("Mod", "text", "turned", "numbers"));
    graph.addNode(node("Div", "left_row", "text", "vector_rows"));
    graph.addNode(node("Mod", "right_row", "text", "vector_rows"));
    graph.addNode(node("Gather", "left_values", "left", "left_row"));
    graph.addNode(node("Gather", "right_values", "right", "right_row"));
    graph.addNode(node("Add", "pooler_output", "left_values", "right_values"));
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

  /** Normal numbers, so that the sum of two rows has length 1 on average. */
  private static TensorProto table(String name, int rows, int hiddenSize, long seed) {
    Random random = new Random(seed);
    double deviation = 1 / Math.sqrt(2.0 * hiddenSize);
    ByteBuffer values = ByteBuffer.allocate(4 * rows * hiddenSize).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < rows * hiddenSize; i++) {
      values.putFloat((float) (deviation * random.nextGaussian()));
    }
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .addDims(rows)
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
