package io.embark.pooling;

import java.util.Locale;

/**
 * The functions that a dense layer may end in, as PyTorch defines them with its defaults (<a
 * href="https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity">torch.nn</a>).
 */
public enum Activation {
  IDENTITY(x -> x),
  TANH(Math::tanh),
  RELU(x -> Math.max(x, 0)),
  RELU6(x -> Math.min(Math.max(x, 0), 6)),
  /** {@code x / 2 (1 + erf(x / sqrt(2)))}, the exact one. */
  GELU(x -> 0.5 * x * (1 + Erf.of(x / Math.sqrt(2)))),
  /** {@code x sigmoid(x)}. */
  SILU(x -> x / (1 + Math.exp(-x))),
  SIGMOID(x -> 1 / (1 + Math.exp(-x))),
  /** Slope 0.01 below zero. */
  LEAKYRELU(x -> x < 0 ? 0.01 * x : x),
  /** {@code exp(x) - 1} below zero. */
  ELU(x -> x < 0 ? Math.expm1(x) : x),
  /** Klambauer et al. 2017, with their constants. */
  SELU(x -> Activation.SELU_SCALE * (x < 0 ? Activation.SELU_ALPHA * Math.expm1(x) : x)),
  SOFTPLUS(Activation::softplus),
  SOFTSIGN(x -> x / (1 + Math.abs(x))),
  /** {@code x tanh(softplus(x))} (Misra 2019). */
  MISH(x -> x * Math.tanh(softplus(x)));

  private static final double SELU_SCALE = 1.0507009873554804934193349852946;
  private static final double SELU_ALPHA = 1.6732632423543772848170429916717;

  private final Formula formula;

  Activation(Formula formula) {
    this.formula = formula;
  }

  private interface Formula {
    double of(double x);
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  public float of(float x) {
    return (float) formula.of(x);
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
