package io.embark.onnx.graph;

import io.embark.pooling.Activation;
import io.embark.pooling.VectorModule;

/** The formulas of {@link VectorModule} and {@link Activation} as nodes of a graph, in float32. */
record ModuleNodes(GraphOps ops) {

  /**
   * @param vector {@code [B, in]}
   * @return {@code [B, out]}
   */
  String apply(VectorModule module, String vector) {
    if (module instanceof VectorModule.Dense dense) {
      return dense(dense, vector);
    }
    if (module instanceof VectorModule.LayerNorm norm) {
      return layerNorm(norm, vector);
    }
    return normalize(vector);
  }

  /** {@code v / max(|v|, 1e-12)}. */
  String normalize(String vector) {
    String length = ops.reduce("ReduceL2", vector, 1, true);
    return ops.apply("Div", vector, ops.apply("Max", length, ops.constant(1e-12f)));
  }

  private String dense(VectorModule.Dense dense, String vector) {
    String out = product(dense, dense.weight(), vector);
    if (dense.bias() != null) {
      out = ops.apply("Add", out, ops.floats(dense.bias(), dense.outputs()));
    }
    out = activation(dense.activation(), out);
    if (dense.residual() == null) {
      return out;
    }
    boolean itself = dense.residual().length == 0;
    return ops.apply("Add", out, itself ? vector : product(dense, dense.residual(), vector));
  }

  private String product(VectorModule.Dense dense, float[] matrix, String vector) {
    float[] transposed = new float[matrix.length];
    for (int row = 0; row < dense.outputs(); row++) {
      for (int i = 0; i < dense.inputs(); i++) {
        transposed[i * dense.outputs() + row] = matrix[row * dense.inputs() + i];
      }
    }
    return ops.apply("MatMul", vector, ops.floats(transposed, dense.inputs(), dense.outputs()));
  }

  private String layerNorm(VectorModule.LayerNorm norm, String vector) {
    int dim = norm.weight().length;
    String centred = ops.apply("Sub", vector, ops.reduce("ReduceMean", vector, 1, true));
    String variance = ops.reduce("ReduceMean", ops.apply("Mul", centred, centred), 1, true);
    String deviation =
        ops.apply("Sqrt", ops.apply("Add", variance, ops.constant(VectorModule.LayerNorm.EPSILON)));
    String scaled =
        ops.apply("Mul", ops.apply("Div", centred, deviation), ops.floats(norm.weight(), dim));
    return ops.apply("Add", scaled, ops.floats(norm.bias(), dim));
  }

  private String activation(Activation activation, String x) {
    return switch (activation) {
      case IDENTITY -> x;
      case TANH -> ops.apply("Tanh", x);
      case RELU -> ops.apply("Relu", x);
      case RELU6 -> ops.apply("Min", ops.apply("Relu", x), ops.constant(6));
      case GELU -> gelu(x);
      case SILU -> ops.apply("Mul", x, ops.apply("Sigmoid", x));
      case SIGMOID -> ops.apply("Sigmoid", x);
      // ONNX's defaults are PyTorch's.
      case LEAKYRELU -> ops.apply("LeakyRelu", x);
      case ELU -> ops.apply("Elu", x);
      case SELU -> ops.apply("Selu", x);
      case SOFTPLUS -> ops.apply("Softplus", x);
      case SOFTSIGN -> ops.apply("Softsign", x);
      case MISH -> ops.apply("Mul", x, ops.apply("Tanh", ops.apply("Softplus", x)));
      case HARDTANH -> ops.apply("Max", ops.apply("Min", x, ops.constant(1)), ops.constant(-1));
      case HARDSIGMOID -> hardSigmoid(x);
      case HARDSWISH -> ops.apply("Mul", x, hardSigmoid(x));
      case CELU -> ops.apply("Elu", x);
      case LOGSIGMOID -> ops.apply("Neg", ops.apply("Softplus", ops.apply("Neg", x)));
      case TANHSHRINK -> ops.apply("Sub", x, ops.apply("Tanh", x));
    };
  }

  /** ONNX's own has another slope. */
  private String hardSigmoid(String x) {
    String moved = ops.apply("Relu", ops.apply("Add", x, ops.constant(3)));
    return ops.apply("Div", ops.apply("Min", moved, ops.constant(6)), ops.constant(6));
  }

  private String gelu(String x) {
    String scaled = ops.apply("Mul", x, ops.constant((float) Math.sqrt(0.5)));
    String weight = ops.apply("Add", ops.apply("Erf", scaled), ops.constant(1));
    return ops.apply("Mul", ops.apply("Mul", x, ops.constant(0.5f)), weight);
  }
}
