package io.embark.onnx.int8;

import ai.onnx.proto.OnnxMl.*;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.UnsafeByteOperations;
import io.embark.onnx.graph.GraphOps;
import io.embark.onnx.graph.LiveGraph;
import io.embark.onnx.graph.OnnxGraph;
import io.embark.onnx.graph.WeightValues;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rewrites dense layers of a graph to 8-bit integers, with ONNX Runtime's own operators for a CPU:
 *
 * <pre>
 *   x -> Mul(1 / smoothing) -> QuantizeLinear(scale, zero) -> MatMulIntegerToFloat(weights, bias)
 * </pre>
 *
 * The first only where {@link InputScale} says so; it and the second are shared by the layers that
 * read the same {@code x}, such as query, key and value.
 */
final class Int8Graph {
  /** Since then a weight need not be an input too. */
  private static final long LEAST_IR_VERSION = 4;

  private final Set<String> taken;
  private final Map<Integer, List<NodeProto>> replaced = new HashMap<>();
  private final Map<String, Quantized> inputs = new HashMap<>();
  private final GraphProto.Builder edited;

  /**
   * The weights of a dense layer as 8-bit integers, {@code w = scale[o] * (values[i, o] - 128)}.
   *
   * <p>Unsigned, although they lie evenly around 128: processors without VNNI multiply unsigned
   * bytes by unsigned ones exactly, while sums of unsigned by signed saturate there at 16 bits.
   *
   * @param values {@code [in, out]}
   * @param scales {@code [out]}
   */
  record Weights(byte[] values, float[] scales) {
    static final int ZERO = 128;
    private static final int LARGEST = 127;

    /**
     * Rounds weights {@code [in, out]} to the nearest of 255 steps, each column in its own.
     *
     * @param smoothing what each input is divided by and its weights are multiplied by
     */
    static Weights of(float[] weights, int out, float[] smoothing) {
      int in = weights.length / out;
      float[] scales = new float[out];
      for (int i = 0; i < in; i++) {
        for (int o = 0; o < out; o++) {
          scales[o] = Math.max(scales[o], Math.abs(weights[i * out + o] * smoothing[i]));
        }
      }
      for (int o = 0; o < out; o++) {
        scales[o] = scales[o] == 0 ? 1 : scales[o] / LARGEST;
      }
      byte[] values = new byte[weights.length];
      for (int i = 0; i < in; i++) {
        for (int o = 0; o < out; o++) {
          int at = i * out + o;
          values[at] = (byte) (ZERO + Math.round(weights[at] * smoothing[i] / scales[o]));
        }
      }
      return new Weights(values, scales);
    }
  }

  private Int8Graph(ModelProto model) {
    taken = new OnnxGraph(model).tensorNames();
    edited = model.getGraph().toBuilder();
  }

  /** Names of a quantised input, of its scale and of its zero. */
  private record Quantized(String tensor, String scale, String zero) {}

  static ModelProto of(
      ModelProto model,
      List<DenseLayer> layers,
      Map<String, InputScale> scales,
      WeightValues weights) {
    Int8Graph graph = new Int8Graph(model);
    for (DenseLayer layer : layers) {
      graph.replace(layer, scales.get(layer.input()), weights.of(layer.weights()));
    }
    return graph.build(model);
  }

  private void replace(DenseLayer layer, InputScale scale, float[] weights) {
    Weights int8 = Weights.of(weights, layer.out(), scale.smoothing());
    List<NodeProto> nodes = new ArrayList<>();
    Quantized x = inputs.computeIfAbsent(layer.input(), input -> quantize(input, scale, nodes));
    String name = layer.weights().getName();
    String values = weight(name + "/int8", DataType.UINT8, int8.values(), layer.in(), layer.out());
    String steps = floats(name + "/int8_scale", int8.scales(), layer.out());
    String zero = weight(name + "/int8_zero", DataType.UINT8, new byte[] {(byte) Weights.ZERO});
    NodeProto.Builder product =
        node("MatMulIntegerToFloat", layer.output(), x.tensor, values, x.scale, steps, x.zero, zero)
            .setDomain(GraphOps.RUNTIME_DOMAIN)
            .setName(layer.output() + "/int8");
    if (layer.bias() != null) {
      product.addInput(layer.bias().getName());
    }
    nodes.add(product.build());
    replaced.put(layer.node(), nodes);
    if (layer.biasNode() >= 0) {
      replaced.put(layer.biasNode(), List.of());
    }
  }

  private Quantized quantize(String input, InputScale scale, List<NodeProto> nodes) {
    String smooth = input;
    if (scale.isSmooth()) {
      smooth = name(input + "/smooth");
      String factors = floats(input + "/smoothing", scale.factors(), scale.smoothing().length);
      nodes.add(node("Mul", smooth, input, factors).build());
    }
    String step = floats(input + "/scale", new float[] {scale.scale()});
    String zero = weight(input + "/zero", DataType.UINT8, new byte[] {(byte) scale.zero()});
    String quantized = name(input + "/quantized");
    nodes.add(node("QuantizeLinear", quantized, smooth, step, zero).build());
    return new Quantized(quantized, step, zero);
  }

  private static NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(output)
        .addAllInput(List.of(inputs))
        .addOutput(output);
  }

  private String floats(String wanted, float[] values, long... dims) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return weight(wanted, DataType.FLOAT, bytes.array(), dims);
  }

  private String weight(String wanted, DataType type, byte[] values, long... dims) {
    String name = name(wanted);
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type.getNumber());
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    edited.addInitializer(tensor.setRawData(UnsafeByteOperations.unsafeWrap(values)));
    return name;
  }

  private String name(String wanted) {
    String name = "embark/" + wanted;
    while (!taken.add(name)) {
      name += "_";
    }
    return name;
  }

  private ModelProto build(ModelProto model) {
    edited.clearNode();
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      edited.addAllNode(replaced.getOrDefault(i, List.of(model.getGraph().getNode(i))));
    }
    ModelProto.Builder built = model.toBuilder().setGraph(LiveGraph.of(edited.build()));
    return GraphOps.withRuntimeOps(built)
        .setIrVersion(Math.max(LEAST_IR_VERSION, model.getIrVersion()))
        .build();
  }
}
