package io.embark.pooling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayersTest {

  @ParameterizedTest
  @CsvSource({
    "-1,            -1,         12",
    "last,          -1,         12",
    "LAST1,         -1,         12",
    "-2,            -2,         11",
    "0,             0,          0",
    "3,             3,          3",
    "' first+last', first+last, 1 12",
    "1+-1,          first+last, 1 12",
    "-1+1,          first+last, 1 12",
    "last4,         last4,      9 10 11 12",
    "-1+-2,         last2,      11 12",
    "0+-1,          0+-1,       0 12",
    "-1+0,          0+-1,       0 12",
    "1+12,          1+12,       1 12",
    "first+-2,      1+-2,       1 11",
    "-13,           -13,        0",
    "12+-1,         12+-1,      12",
  })
  void readsEverySpellingAndWritesTheShortest(String text, String label, String inTwelve) {
    Layers layers = Layers.of(text);
    assertThat(layers.label()).isEqualTo(label);
    assertThat(layers.in(12)).hasToString(List.of(inTwelve.split(" ")).toString());
    assertThat(Layers.of(label)).isEqualTo(layers).hasSameHashCodeAs(layers);
  }

  @Test
  void onlyTheLastLayerAloneIsLast() {
    assertThat(Layers.of("-1").isLast()).isTrue();
    assertThat(Layers.of("last").isLast()).isTrue();
    assertThat(Layers.of("last2").isLast()).isFalse();
    assertThat(Layers.of("12").isLast()).isFalse();
  }

  @Test
  void aLayerChosenInTwoWaysCountsOnce() {
    assertThat(Layers.of("first+last").in(1)).containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "+", "1+", "last0", "last-4", "mean", "1,2", "--1", "99999999999"})
  void refusesOtherSpellings(String text) {
    assertThatThrownBy(() -> Layers.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining("first+last, last4 or 0+-1");
  }

  @Test
  void refusesALayerNamedTwice() {
    assertThatThrownBy(() -> Layers.of("2+2")).hasMessageContaining("name layer 2 twice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "-8", "last8"})
  void refusesALayerTheModelDoesNotHave(String text) {
    assertThatThrownBy(() -> Layers.of(text).in(6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the model has 6 encoder layers")
        .hasMessageContaining("0 (the embedding output) to 6, or -7 to -1");
  }
}
