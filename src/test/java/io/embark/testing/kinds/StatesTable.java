package io.embark.testing.kinds;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph with the inputs and outputs of another that knows a few texts by heart: a text is found
 * by a sum over its ids and places, and every token gets the values that the other graph gave it.
 * An encoder takes 150 KB, this a tenth. Any other text gets ones.
 */
final class StatesTable {
  private static final int INT64 = TensorProto.DataType.INT64.getNumber();
  private static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();

  private final GraphProto like;
  private final Map<String, Map<String, Object>> texts = new LinkedHashMap<>();
  private final List<long[]> ids = new ArrayList<>();
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("table of states");

  StatesTable(GraphProto like) {
    this.like = like;
  }

  /**
   * @param ids of the text, {@code [L]}
   * @param outputs what the other graph gives: {@code [H]}, or {@code [L][H]}, or of all tokens but
   *     the first
   */
  void add(long[] ids, Map<String, Object> outputs) {
    if (texts.put(Arrays.toString(ids), outputs) == null) {
      this.ids.add(ids);
    }
  }

  ModelProto build(ModelProto original) {
    findText();
    for (var output : like.getOutputList()) {
      addOutput(output.getName());
    }
    graph.addAllInput(like.getInputList()).addAllOutput(like.getOutputList());
    return original.toBuilder().setGraph(graph).setProducerName("embark tests").build();
  }

  /** Nodes that give {@code text [B, 1]} and {@code row [B, L]}. */
  private void findText() {
    long[] keys = new long[ids.size() + 1];
    long[] starts = new long[keys.length];
    long[] last = new long[keys.length];
    float[] unknown = new float[keys.length];
    long rows = 0;
    for (int t = 0; t < ids.size(); t++) {
      keys[t] = key(ids.get(t));
      starts[t] = rows;
      last[t] = ids.get(t).length - 1;
      rows += ids.get(t).length;
    }
    keys[ids.size()] = -1;
    starts[ids.size()] = rows;
    unknown[ids.size()] = 0.5f;
    if (Arrays.stream(keys).distinct().count() < keys.length) {
      throw new IllegalStateException("Two texts have one key.");
    }
    longs("keys", keys);
    longs("starts", starts);
    longs("last", last);
    floats("unknown", unknown, keys.length);
    for (long number : new long[] {0, 1, 2, 5}) {
      longs("n" + number, number);
    }
    tensor("axis", INT64, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(1));
    node("CumSum", "count", "attention_mask", "axis");
    node("Sub", "signed_place", "count", "n1");
    node("Max", "place", "signed_place", "n0");
    node("Add", "plus1", "place", "n1");
    node("Add", "plus2", "place", "n2");
    node("Mul", "square", "plus1", "plus2");
    node("Add", "weight", "square", "n5");
    node("Mul", "masked", "input_ids", "attention_mask");
    node("Mul", "weighted", "masked", "weight");
    node("ReduceSum", "key", "weighted", "n1");
    node("Equal", "known", "key", "keys");
    attribute(node("Cast", "found", "known"), "to", FLOAT);
    node("Add", "chosen", "found", "unknown");
    attribute(node("ArgMax", "text", "chosen"), "axis", 1);
    node("Gather", "start", "starts", "text");
    node("Gather", "end", "last", "text");
    node("Min", "token", "place", "end");
    node("Add", "row", "start", "token");
  }

  /** As the graph computes it. */
  private static long key(long[] ids) {
    long key = 0;
    for (int p = 0; p < ids.length; p++) {
      key += ids[p] * ((p + 1L) * (p + 2L) + 5);
    }
    return key;
  }

  private void addOutput(String name) {
    List<float[]> rows = new ArrayList<>();
    boolean perText = false;
    boolean withoutFirst = false;
    int t = 0;
    for (Map<String, Object> outputs : texts.values()) {
      Object values = outputs.get(name);
      if (values instanceof float[] vector) {
        perText = true;
        rows.add(vector);
      } else {
        float[][] states = (float[][]) values;
        int missing = ids.get(t).length - states.length;
        withoutFirst |= missing == 1;
        for (int i = 0; i < missing; i++) {
          rows.add(new float[states[0].length]);
        }
        rows.addAll(Arrays.asList(states));
      }
      t++;
    }
    float[] ones = new float[rows.get(0).length];
    Arrays.fill(ones, 1);
    rows.add(ones);
    float[] flat = new float[rows.size() * ones.length];
    for (int r = 0; r < rows.size(); r++) {
      System.arraycopy(rows.get(r), 0, flat, r * ones.length, ones.length);
    }
    floats(name + "_table", flat, rows.size(), ones.length);
    if (perText) {
      node("Gather", name + "_found", name + "_table", "text");
      node("Squeeze", name, name + "_found", "n1");
    } else if (withoutFirst) {
      longs("most", Long.MAX_VALUE);
      node("Gather", name + "_found", name + "_table", "row");
      node("Slice", name, name + "_found", "n1", "most", "n1");
    } else {
      node("Gather", name, name + "_table", "row");
    }
  }

  private void longs(String name, long... values) {
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(raw::putLong);
    tensor(name, INT64, raw, values.length);
  }

  private void floats(String name, float[] values, long... shape) {
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      raw.putFloat(value);
    }
    tensor(name, FLOAT, raw, shape);
  }

  private void tensor(String name, int type, ByteBuffer raw, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type)
            .setRawData(ByteString.copyFrom(raw.flip()));
    Arrays.stream(shape).forEach(tensor::addDims);
    graph.addInitializer(tensor);
  }

  private int node(String operator, String output, String... inputs) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(output)
            .setOpType(operator)
            .addAllInput(List.of(inputs))
            .addOutput(output));
    return graph.getNodeCount() - 1;
  }

  private void attribute(int node, String name, long value) {
    graph
        .getNodeBuilder(node)
        .addAttributeBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value);
  }
}
