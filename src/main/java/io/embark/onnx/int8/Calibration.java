package io.embark.onnx.int8;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtException;
import io.embark.onnx.TextRunner;
import io.embark.onnx.graph.GraphOps;
import io.embark.onnx.graph.OnnxGraph;
import io.embark.onnx.graph.PooledModel;
import io.embark.onnx.graph.TensorSignature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a model over a few texts, one by one, and sees how wide the inputs of its dense layers get.
 *
 * @param ranges by the name of the tensor
 * @param vectors the model's own vectors, {@code [output][text][dimension]}
 */
record Calibration(Map<String, InputRange> ranges, float[][][] vectors) {
  private static final String LEAST = "embark_least_";
  private static final String MOST = "embark_most_";
  private static final String NORM = "embark_norm_";

  /**
   * @param proto the graph of {@code model}
   * @param inputs tensors to look at and how many channels each has
   * @param texts token ids, special tokens included
   */
  static Calibration of(
      PooledModel model, ModelProto proto, Map<String, Integer> inputs, List<long[]> texts)
      throws OrtException {
    List<String> tensors = List.copyOf(inputs.keySet());
    PooledModel watched = model.with(watched(proto, inputs));
    Map<String, InputRange> ranges = new LinkedHashMap<>();
    float[][][] vectors = new float[model.outputs().size()][texts.size()][];
    try (TextRunner runner = TextRunner.open(watched)) {
      for (int t = 0; t < texts.size(); t++) {
        Map<String, float[]> found = runner.run(texts.get(t));
        for (int v = 0; v < vectors.length; v++) {
          vectors[v][t] = found.get(model.outputs().get(v).name());
        }
        for (int i = 0; i < tensors.size(); i++) {
          float[] least = found.get(LEAST + i);
          double[] squares = new double[least.length];
          for (int c = 0; c < squares.length; c++) {
            least[c] = -least[c];
            squares[c] = Math.pow(found.get(NORM + i)[c], 2);
          }
          int rows = texts.get(t).length;
          InputRange seen = new InputRange(least, found.get(MOST + i), squares, rows);
          ranges.merge(tensors.get(i), seen, InputRange::and);
        }
      }
    }
    return new Calibration(ranges, vectors);
  }

  private static ModelProto watched(ModelProto proto, Map<String, Integer> inputs) {
    OnnxGraph graph = new OnnxGraph(proto);
    GraphOps ops = new GraphOps(graph.opset(), graph.tensorNames());
    GraphProto.Builder edited = proto.getGraph().toBuilder();
    int i = 0;
    for (Map.Entry<String, Integer> input : inputs.entrySet()) {
      String rows = ops.reshape(input.getKey(), -1, input.getValue());
      String opposite = ops.apply("Neg", rows);
      ops.name(ops.reduce(GraphOps.Reduction.MAX, opposite, 0, false), LEAST + i);
      ops.name(ops.reduce(GraphOps.Reduction.MAX, rows, 0, false), MOST + i);
      ops.name(ops.reduce(GraphOps.Reduction.L2, rows, 0, false), NORM + i);
      for (String name : List.of(LEAST + i, MOST + i, NORM + i)) {
        edited.addOutput(TensorSignature.declare(name, DataType.FLOAT, input.getValue()));
      }
      i++;
    }
    return proto.toBuilder().setGraph(edited.addAllNode(ops.nodes())).build();
  }
}
