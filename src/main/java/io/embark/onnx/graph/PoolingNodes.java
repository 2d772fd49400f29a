package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Pooling;
import java.util.List;

/**
 * The formulas of {@link Pooling} as nodes of a graph, in float32 whatever the model computes in.
 *
 * <p>Padding is replaced, not multiplied by zero: whatever a model leaves there, NaN included, does
 * not reach a vector. Of a row without any token, which the host refuses, sums and maxima are zero.
 *
 * @param mask which tokens of a text are summed, averaged or searched for a maximum
 */
record PoolingNodes(GraphOps ops, PoolingMask mask, int hiddenSize) {
  /** {@code [B, L]} of any number type, not 0 for a token that is pooled. */
  private String poolingMask() {
    return mask == PoolingMask.ATTENTION ? PooledGraph.ATTENTION_MASK : PooledGraph.POOLING_MASK;
  }

  /** Where the first token is looked for: behind a prompt that is left out. */
  private String firstMask() {
    return mask == PoolingMask.WITHOUT_PROMPT ? poolingMask() : PooledGraph.ATTENTION_MASK;
  }

  /** {@code [B, L, H]} float32: the mean of the layers' states. */
  String states(List<String> layers) {
    String sum = null;
    for (String layer : layers) {
      String state = toFloat(layer);
      sum = sum == null ? state : ops.apply("Add", sum, state);
    }
    return layers.size() == 1 ? sum : ops.apply("Mul", sum, ops.constant(1f / layers.size()));
  }

  /** {@code [B, H]} float32 from a model's own output of any float type. */
  String toFloat(String x) {
    return ops.cast(x, DataType.FLOAT);
  }

  /**
   * @param states {@code [B, L, H]} float32
   * @return {@code [B, H]} float32
   */
  String pool(Pooling pooling, String states) {
    return switch (pooling) {
      case POOLER, SENTENCE_EMBEDDING ->
          throw new IllegalArgumentException(pooling + " is not made of token states");
      case CLS -> token(states, ops.argMax(weights(firstMask()), 1));
      case LAST_TOKEN -> token(states, ops.argMax(positions(PooledGraph.ATTENTION_MASK), 1));
      case MEAN -> ops.apply("Div", sum(states), count());
      case MEAN_SQRT_LEN -> ops.apply("Div", sum(states), ops.apply("Sqrt", count()));
      case WEIGHTED_MEAN -> weightedMean(states);
      case MAX -> max(states);
    };
  }

  private String sum(String states) {
    return ops.reduce("ReduceSum", masked(states, 0), 1, false);
  }

  private String weightedMean(String states) {
    // A prompt that is left out still counts as the beginning of the text.
    String positions =
        mask == PoolingMask.WITHOUT_PROMPT
            ? ops.apply("Mul", positions(PooledGraph.ATTENTION_MASK), weights(poolingMask()))
            : positions(poolingMask());
    String weighted = ops.apply("Mul", masked(states, 0), ops.reshape(positions, 0, 0, 1));
    String total = ops.reduce("ReduceSum", positions, 1, true);
    return ops.apply("Div", ops.reduce("ReduceSum", weighted, 1, false), atLeastOne(total));
  }

  private String max(String states) {
    String max = ops.reduce("ReduceMax", masked(states, Float.NEGATIVE_INFINITY), 1, false);
    String tokens = ops.reduce("ReduceMax", weights(poolingMask()), 1, true);
    return ops.apply("Where", ops.cast(tokens, DataType.BOOL), max, ops.constant(0));
  }

  /** The state at one position of each row, {@code [B, H]}; {@code position} is {@code [B]}. */
  private String token(String states, String position) {
    String everywhere =
        ops.apply("Expand", ops.reshape(position, -1, 1, 1), ops.longs(1, 1, hiddenSize));
    return ops.reshape(ops.gatherElements(states, everywhere, 1), -1, hiddenSize);
  }

  /** The states with {@code fill} at every position that is not pooled. */
  private String masked(String states, float fill) {
    String mask = ops.reshape(ops.cast(poolingMask(), DataType.BOOL), 0, 0, 1);
    return ops.apply("Where", mask, states, ops.constant(fill));
  }

  /** {@code [B, L]}: 1 for a token, 0 for padding; a mask's own values may be others. */
  private String weights(String mask) {
    return ops.cast(ops.cast(mask, DataType.BOOL), DataType.FLOAT);
  }

  /** {@code [B, L]}: 1, 2, 3, .. for the tokens of a row, 0 for padding. */
  private String positions(String mask) {
    String weights = weights(mask);
    return ops.apply("Mul", ops.apply("CumSum", weights, ops.longs(1)), weights);
  }

  /** Tokens pooled of each row, {@code [B, 1]}. */
  private String count() {
    return atLeastOne(ops.reduce("ReduceSum", weights(poolingMask()), 1, true));
  }

  private String atLeastOne(String count) {
    return ops.apply("Max", count, ops.constant(1));
  }
}
