package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.batch.Batch;
import io.embark.onnx.Device;
import io.embark.pooling.Pooling;
import io.embark.token.Tokens;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PaddingTest {
  private static final EmbedderConfig CONFIG =
      EmbedderConfig.of("builtin:all-MiniLM-L6-v2").toBuilder()
          .device(Device.CPU)
          .intraOpThreads(1)
          .pooling(Pooling.MEAN, Pooling.CLS, Pooling.MAX, Pooling.LAST_TOKEN)
          .build();

  private static Embedder open(Padding padding) throws Exception {
    return Embedder.open(CONFIG.toBuilder().set(Setting.PADDING, padding.label(), "test").build());
  }

  /** Texts of 1 to 300 words, most of them short, each length several times. */
  private static List<String> texts() {
    Random random = new Random(5);
    return IntStream.range(0, 120)
        .mapToObj(
            i ->
                random
                    .ints(i % 30 == 0 ? 300 - i : 1 + i % 12, 0, 3000)
                    .mapToObj(number -> "word" + number)
                    .collect(Collectors.joining(" ")))
        .collect(Collectors.toList());
  }

  @Test
  void withoutPaddingVectorsAreThoseWithIt() throws Exception {
    List<String> texts = texts();
    try (Embedder always = open(Padding.ALWAYS);
        Embedder auto = open(Padding.AUTO)) {
      float[][][] expected = always.embedAll(texts);
      float[][][] found = auto.embedAll(texts);
      for (int text = 0; text < texts.size(); text++) {
        for (int pooling = 0; pooling < expected[text].length; pooling++) {
          assertThat(found[text][pooling])
              .as("text %d, pooling %d", text, pooling)
              .containsExactly(expected[text][pooling], within(1e-5f));
        }
      }
      assertThat(padding(always, texts)).isPositive();
      assertThat(padding(auto, texts)).isZero();
    }
  }

  @Test
  void withoutPaddingAVectorDoesNotDependOnTheTextsBesideIt() throws Exception {
    List<String> texts = texts();
    try (Embedder embedder = open(Padding.AUTO)) {
      float[][][] together = embedder.embedAll(texts);
      List<Integer> order = IntStream.range(0, texts.size()).boxed().collect(Collectors.toList());
      Collections.shuffle(order, new Random(1));
      float[][][] shuffled = embedder.embedAll(order.stream().map(texts::get).toList());
      for (int i = 0; i < order.size(); i++) {
        assertThat(shuffled[i]).isDeepEqualTo(together[order.get(i)]);
      }
      for (int text = 0; text < texts.size(); text += 13) {
        assertThat(embedder.embedAll(List.of(texts.get(text)))[0][0])
            .containsExactly(together[text][0], within(1e-6f));
      }
    }
  }

  @Test
  void roundedShapesArePadded() throws Exception {
    try (Embedder embedder =
        Embedder.open(CONFIG.toBuilder().set(Setting.SHAPE_BUCKETS, "on", "test").build())) {
      assertThat(padding(embedder, texts())).isPositive();
    }
  }

  @Test
  void anUnknownChoiceIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> CONFIG.toBuilder().set(Setting.PADDING, "never", "test"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("padding: found 'never', wanted auto or always");
  }

  private static double padding(Embedder embedder, List<String> texts) {
    List<Tokens> tokens = texts.stream().map(embedder.pipeline().tokenizer()::tokenize).toList();
    List<Batch> batches = embedder.pipeline().plan(tokens);
    return batches.stream().mapToInt(batch -> batch.paddedTokens() - batch.tokens()).sum();
  }
}
