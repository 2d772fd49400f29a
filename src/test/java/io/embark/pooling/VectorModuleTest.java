package io.embark.pooling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers of the formulas, worked out apart from the code. */
class VectorModuleTest {
  private static final float[] X = {1, -2, 3};

  private static VectorModule.Dense dense(float[] bias, float[] residual, Activation activation) {
    return new VectorModule.Dense(
        "2_Dense", 3, 2, new float[] {1, 0, 2, 0, -1, 1}, bias, residual, activation);
  }

  /** At -1.5 and 0.5, by Python's math module from the definitions. */
  @ParameterizedTest
  @CsvSource({
    "IDENTITY, -1.5, 0.5",
    "TANH, -0.905148254, 0.462117157",
    "RELU, 0, 0.5",
    "RELU6, 0, 0.5",
    "GELU, -0.100210801, 0.345731231",
    "SILU, -0.273638272, 0.311229666",
    "SIGMOID, 0.182425524, 0.622459331",
    "LEAKYRELU, -0.015, 0.5",
    "ELU, -0.776869840, 0.5",
    "SELU, -1.365814190, 0.525350494",
    "SOFTPLUS, 0.201413278, 0.974076984",
    "SOFTSIGN, -0.6, 0.333333333",
    "MISH, -0.298099742, 0.375245211",
    "HARDTANH, -1, 0.5",
    "HARDSIGMOID, 0.25, 0.583333333",
    "HARDSWISH, -0.375, 0.291666667",
    "CELU, -0.776869840, 0.5",
    "LOGSIGMOID, -1.701413278, -0.474076984",
    "TANHSHRINK, -0.594851746, 0.037882843"
  })
  void eachActivation(Activation activation, float below, float above) {
    assertThat(activation.of(-1.5f)).isCloseTo(below, within(1e-5f));
    assertThat(activation.of(0.5f)).isCloseTo(above, within(1e-5f));
    assertThat(activation.of(100)).isFinite();
    assertThat(activation.of(-100)).isFinite();
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 0.112462916", "0.5, 0.520499878", "1, 0.842700793", "2, 0.995322265",
    "2.99, 0.9999764744", "3.01, 0.9999792610", "4, 0.9999999846", "7, 1"
  })
  void theErrorFunction(double x, double wanted) {
    assertThat(Erf.of(x)).isCloseTo(wanted, within(1e-9));
    assertThat(Erf.of(-x)).isCloseTo(-wanted, within(1e-9));
  }

  @Test
  void aDenseLayer() {
    assertThat(dense(null, null, Activation.IDENTITY).apply(X)).containsExactly(7, 5);
    assertThat(dense(new float[] {1, -6}, null, Activation.RELU).apply(X)).containsExactly(8, 0);
    assertThat(dense(null, new float[] {1, 1, 0, 0, 0, 1}, Activation.IDENTITY).apply(X))
        .containsExactly(6, 8);
    VectorModule square =
        new VectorModule.Dense(
            "d", 2, 2, new float[] {0, 1, 1, 0}, null, new float[0], Activation.IDENTITY);
    assertThat(square.apply(new float[] {3, 4})).containsExactly(7, 7);
    assertThat(X).containsExactly(1, -2, 3);
  }

  @Test
  void aLayerNorm() {
    VectorModule norm =
        new VectorModule.LayerNorm("n", new float[] {1, 2, 1}, new float[] {0, 0, 1});
    float deviation = (float) Math.sqrt(38 / 9.0 + 1e-5);
    assertThat(norm.apply(X))
        .containsExactly(
            new float[] {
              (1 - 2 / 3f) / deviation, 2 * (-2 - 2 / 3f) / deviation, (3 - 2 / 3f) / deviation + 1
            },
            within(1e-5f));
  }

  @Test
  void aChainHasToFit() {
    VectorModule dense = dense(null, null, Activation.TANH);
    VectorModule norm = new VectorModule.LayerNorm("3_LayerNorm", new float[2], new float[2]);
    assertThat(VectorModule.outputDim(List.of(dense, norm), 3)).isEqualTo(2);
    assertThatThrownBy(() -> VectorModule.outputDim(List.of(norm, dense), 3))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("3_LayerNorm (layer norm of 2) takes vectors of 2 values and gets 3")
        .hasMessageContaining("--modules none");
  }
}
