package io.embark.onnx.int8;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.graph.GraphOps;
import io.embark.onnx.graph.OnnxGraph;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.graph.TensorSignature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Ranges of the inputs of a model's dense layers, found by running it over a few texts.
 *
 * @param ranges by the name of the tensor, those without an infinity
 * @param vectors the model's own, for each text {@code [output][dimension]}
 */
record Calibration(Map<String, Range> ranges, List<float[][]> vectors) {
  private static final String LEAST = "embark_least_";
  private static final String MOST = "embark_most_";
  private static final String NORM = "embark_norm_";

  /**
   * The values seen in a tensor {@code [.., channels]} while texts were embedded.
   *
   * @param least of each channel, likewise most and the sum of squares
   * @param rows over how many tokens
   */
  record Range(float[] least, float[] most, double[] squares, long rows) {
    /** The largest absolute value of a channel. */
    float largest(int channel) {
      return Math.max(Math.abs(least[channel]), Math.abs(most[channel]));
    }

    boolean isFinite() {
      return IntStream.range(0, least.length)
          .allMatch(c -> Float.isFinite(least[c]) && Float.isFinite(most[c]));
    }

    Range and(Range other) {
      float[] below = least.clone();
      float[] above = most.clone();
      double[] sum = squares.clone();
      for (int c = 0; c < below.length; c++) {
        below[c] = Math.min(below[c], other.least[c]);
        above[c] = Math.max(above[c], other.most[c]);
        sum[c] += other.squares[c];
      }
      return new Range(below, above, sum, rows + other.rows);
    }
  }

  /**
   * @param inputs tensors to look at and how many channels each has
   */
  static Calibration of(
      PooledModel model,
      ModelProto proto,
      Map<String, Integer> inputs,
      List<long[]> texts,
      Int8Model.TextRunner runner) {
    Map<String, Range> ranges = new LinkedHashMap<>();
    List<float[][]> vectors = new ArrayList<>();
    runner.run(
        model.with(watched(proto, inputs)),
        texts,
        found -> {
          int rows = texts.get(vectors.size()).length;
          vectors.add(vectors(model, found));
          int i = 0;
          for (String tensor : inputs.keySet()) {
            ranges.merge(tensor, range(found, i++, rows), Range::and);
          }
        });
    ranges.values().removeIf(range -> !range.isFinite());
    return new Calibration(ranges, vectors);
  }

  /** The outputs that {@code model} was asked for. */
  static float[][] vectors(PooledModel model, Map<String, float[]> found) {
    return model.outputs().stream().map(output -> found.get(output.name())).toArray(float[][]::new);
  }

  private static Range range(Map<String, float[]> found, int input, int rows) {
    float[] least = found.get(LEAST + input);
    float[] norms = found.get(NORM + input);
    double[] squares = new double[least.length];
    for (int c = 0; c < squares.length; c++) {
      least[c] = -least[c];
      squares[c] = Math.pow(norms[c], 2);
    }
    return new Range(least, found.get(MOST + input), squares, rows);
  }

  /** The model with outputs for the range of each input. */
  private static ModelProto watched(ModelProto proto, Map<String, Integer> inputs) {
    OnnxGraph graph = new OnnxGraph(proto);
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    GraphProto.Builder edited = proto.getGraph().toBuilder();
    int i = 0;
    for (Map.Entry<String, Integer> input : inputs.entrySet()) {
      String rows = ops.reshape(input.getKey(), -1, input.getValue());
      String opposite = ops.apply("Neg", rows);
      ops.name(ops.reduce("ReduceMax", opposite, 0, false), LEAST + i);
      ops.name(ops.reduce("ReduceMax", rows, 0, false), MOST + i);
      ops.name(ops.reduce("ReduceL2", rows, 0, false), NORM + i);
      for (String name : List.of(LEAST + i, MOST + i, NORM + i)) {
        edited.addOutput(TensorSignature.declare(name, DataType.FLOAT, input.getValue()));
      }
      i++;
    }
    return proto.toBuilder().setGraph(edited.addAllNode(ops.nodes())).build();
  }
}
