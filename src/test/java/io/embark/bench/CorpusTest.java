package io.embark.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CorpusTest {
  /** 200 sentences of 5 to 24 words. */
  private static final List<String> SAMPLE =
      IntStream.range(0, 200)
          .mapToObj(
              i -> {
                StringBuilder text = new StringBuilder();
                for (int w = 0; w < 5 + i % 20; w++) {
                  text.append("w").append(i * 31 % 97).append("x").append(w).append(' ');
                }
                return text.toString().strip() + ".";
              })
          .toList();

  @ParameterizedTest
  @EnumSource
  void textsAreAllDifferentAndTheSameEveryTime(Corpus corpus) {
    List<String> texts = corpus.made(SAMPLE, 1_000);
    assertThat(texts).hasSize(1_000).doesNotHaveDuplicates();
    assertThat(corpus.made(SAMPLE, 1_000)).isEqualTo(texts);
  }

  @Test
  void lengthsFollowTheStatedDistribution() {
    assertThat(median(Corpus.SHORT)).isBetween(9.0, 11.0);
    assertThat(median(Corpus.LONG)).isBetween(140.0, 160.0);
    int[] mixed = words(Corpus.MIXED);
    assertThat(Arrays.stream(mixed).filter(words -> words <= 30).count())
        .as("short ones of 2000")
        .isBetween(1250L, 1500L);
  }

  @Test
  void aSampleThatIsTooSmallIsRefused() {
    assertThatThrownBy(() -> Corpus.SHORT.made(List.of("One two three."), 100))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("1 sentences give no more than");
  }

  private static double median(Corpus corpus) {
    return new Repeats(Arrays.stream(words(corpus)).asDoubleStream().toArray()).median();
  }

  private static int[] words(Corpus corpus) {
    return corpus.made(SAMPLE, 2_000).stream().mapToInt(text -> text.split(" ").length).toArray();
  }
}
