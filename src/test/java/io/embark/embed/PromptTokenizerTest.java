package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.token.Tokenizer;
import io.embark.token.Tokens;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
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

  /** A token per char; 1 and 2 behind every text, of which these are special. */
  private record TwoBehind(boolean named) implements Tokenizer {
    @Override
    public Tokens encode(String text) {
      long[] ids = LongStream.concat(text.chars().asLongStream(), LongStream.of(1, 2)).toArray();
      return new Tokens(ids, ids.length);
    }

    @Override
    public TokenSpans spans(String text) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int maxLength() {
      return 100;
    }

    @Override
    public int specialPrefix() {
      return 0;
    }

    @Override
    public int specialSuffix() {
      return 2;
    }

    @Override
    public boolean isSpecial(long id) {
      return named && id <= 2;
    }

    @Override
    public void close() {}
  }

  /** sentence-transformers takes one from what the prompt alone gets, if that ends in a special. */
  @Test
  void oneSpecialTokenBehindThePromptIsNotItsOwn() {
    try (PromptTokenizer named = new PromptTokenizer(new TwoBehind(true), "q:", false);
        PromptTokenizer unnamed = new PromptTokenizer(new TwoBehind(false), "q:", false)) {
      assertThat(named.skipStart(false, true)).isEqualTo(3);
      assertThat(unnamed.skipStart(false, true)).isEqualTo(4);
    }
  }
}
