package io.embark.pooling;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

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
  MISH(x -> x * Math.tanh(softplus(x))),
  HARDTANH(x -> Math.min(Math.max(x, -1), 1)),
  /** {@code relu6(x + 3) / 6}. */
  HARDSIGMOID(x -> Math.min(Math.max(x + 3, 0), 6) / 6),
  /** {@code x hardsigmoid(x)}. */
  HARDSWISH(x -> x * Math.min(Math.max(x + 3, 0), 6) / 6),
  /** With its usual alpha of 1 nothing else than {@link #ELU}. */
  CELU(x -> x < 0 ? Math.expm1(x) : x),
  LOGSIGMOID(x -> -softplus(-x)),
  TANHSHRINK(x -> x - Math.tanh(x));

  /** As PyTorch spells them, where that is not the name in lower case with a capital. */
  private static final List<String> SPELLINGS =
      List.of("ReLU", "ReLU6", "GELU", "SiLU", "LeakyReLU", "ELU", "SELU", "CELU", "LogSigmoid");

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

  /**
   * The function of a PyTorch class, named with its module ({@code
   * torch.nn.modules.activation.Tanh}) or without ({@code torch.nn.Tanh}).
   */
  public static Optional<Activation> ofTorch(String className) {
    for (Activation activation : values()) {
      String module = activation == IDENTITY ? "linear" : "activation";
      if (className.equals(activation.torchName())
          || className.equals("torch.nn.modules.%s.%s".formatted(module, activation.spelling()))) {
        return Optional.of(activation);
      }
    }
    return Optional.empty();
  }

  /** The class in PyTorch, {@code torch.nn.Tanh}. */
  public String torchName() {
    return "torch.nn." + spelling();
  }

  private String spelling() {
    return SPELLINGS.stream()
        .filter(name()::equalsIgnoreCase)
        .findFirst()
        .orElse(name().charAt(0) + label().substring(1));
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
