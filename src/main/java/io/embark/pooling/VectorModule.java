package io.embark.pooling;

import io.embark.UserError;
import java.util.List;

/**
 * A layer that a model puts behind the pooling: one vector in, one out. The definition that the
 * nodes in {@code onnx.graph} are held to; vectors that are made without a session go through it.
 */
public sealed interface VectorModule {
  /** The module's folder in the model, e.g. {@code 2_Dense}. */
  String name();

  /**
   * Values of the vectors it gives.
   *
   * @throws UserError if it does not take vectors of that many values
   */
  int outputDim(int inputDim);

  /** A new vector; {@code vector} stays as it is. */
  float[] apply(float[] vector);

  /** What it computes, in words: {@code dense 48 to 32, tanh}. */
  String label();

  /** Values of the vectors that a chain of modules gives. */
  static int outputDim(List<VectorModule> modules, int inputDim) {
    int dim = inputDim;
    for (VectorModule module : modules) {
      dim = module.outputDim(dim);
    }
    return dim;
  }

  private static void requireDim(VectorModule module, int wanted, int found) {
    if (found != wanted) {
      throw new UserError(
          ("module %s (%s) takes vectors of %d values and gets %d. Use the pooling that the model"
                  + " was trained with, or --modules none to go without the layers behind it.")
              .formatted(module.name(), module.label(), wanted, found));
    }
  }

  /**
   * {@code activation(W x + b)}, plus {@code x} or {@code R x} where the model adds it.
   *
   * @param weight W {@code [outputs, inputs]}, row-major
   * @param bias {@code [outputs]}, or null for none
   * @param residual R {@code [outputs, inputs]}; empty to add x itself; null to add nothing
   */
  record Dense(
      String name,
      int inputs,
      int outputs,
      float[] weight,
      float[] bias,
      float[] residual,
      Activation activation)
      implements VectorModule {
    @Override
    public int outputDim(int inputDim) {
      requireDim(this, inputs, inputDim);
      return outputs;
    }

    @Override
    public float[] apply(float[] vector) {
      float[] out = product(weight, vector);
      for (int i = 0; i < outputs; i++) {
        out[i] = activation.of(bias == null ? out[i] : out[i] + bias[i]);
      }
      float[] added = residual == null ? new float[outputs] : residual(vector);
      for (int i = 0; i < outputs; i++) {
        out[i] += added[i];
      }
      return out;
    }

    private float[] residual(float[] vector) {
      return residual.length == 0 ? vector : product(residual, vector);
    }

    private float[] product(float[] matrix, float[] vector) {
      float[] out = new float[outputs];
      for (int row = 0; row < outputs; row++) {
        float sum = 0;
        for (int i = 0; i < inputs; i++) {
          sum += matrix[row * inputs + i] * vector[i];
        }
        out[row] = sum;
      }
      return out;
    }

    @Override
    public String label() {
      return "dense %d to %d, %s".formatted(inputs, outputs, activation.label());
    }
  }

  /**
   * {@code (x - mean(x)) / sqrt(variance(x) + 1e-5) * weight + bias} (Ba et al. 2016).
   *
   * @param weight one for each value, likewise {@code bias}
   */
  record LayerNorm(String name, float[] weight, float[] bias) implements VectorModule {
    /** What torch.nn.LayerNorm adds to the variance. */
    public static final float EPSILON = 1e-5f;

    @Override
    public int outputDim(int inputDim) {
      requireDim(this, weight.length, inputDim);
      return inputDim;
    }

    @Override
    public float[] apply(float[] vector) {
      double mean = 0;
      for (float x : vector) {
        mean += x / (double) vector.length;
      }
      double variance = 0;
      for (float x : vector) {
        variance += (x - mean) * (x - mean) / vector.length;
      }
      double scale = 1 / Math.sqrt(variance + EPSILON);
      float[] out = new float[vector.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = (float) ((vector[i] - mean) * scale * weight[i] + bias[i]);
      }
      return out;
    }

    @Override
    public String label() {
      return "layer norm of %d".formatted(weight.length);
    }
  }

  /** {@link Norm#L2} before further modules. */
  record Normalize(String name) implements VectorModule {
    @Override
    public int outputDim(int inputDim) {
      return inputDim;
    }

    @Override
    public float[] apply(float[] vector) {
      float[] out = vector.clone();
      Norm.L2.apply(out);
      return out;
    }

    @Override
    public String label() {
      return "normalize";
    }
  }
}
