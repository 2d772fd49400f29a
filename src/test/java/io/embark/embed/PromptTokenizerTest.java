package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptTokenizerTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\t\r\n\f",
        "\u00a0",
        "\u2003\u3000\u202f",
        "\u200b\ufeff\u2060\u200d",
        "\u0000\u001b"
      })
  void showsNothing(String text) {
    assertThat(PromptTokenizer.showsNothing(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", " . ", "\u00a0x", "\ud83d\ude00", "0", "\u4e2d", "\ufffd", "\ud800"})
  void showsSomething(String text) {
    assertThat(PromptTokenizer.showsNothing(text)).isFalse();
  }
}
