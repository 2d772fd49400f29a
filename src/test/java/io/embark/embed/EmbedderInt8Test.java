package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.onnx.Precision;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.Goldens;
import io.embark.testing.Naughty;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The built-in default model in {@link Precision#INT8}. */
class EmbedderInt8Test {
  /**
   * Batches of other shapes sum floats in another order, and a last bit may end up in the next of
   * 255 steps.
   */
  private static final double SAME_TEXT = 0.9999;

  private static final List<Goldens> GOLDENS =
      Goldens.all().stream().filter(golden -> golden.maxLength() == 128).toList();

  private static Embedder embedder;

  private static EmbedderConfig int8() {
    return EmbedderConfig.builder()
        .pooling(Pooling.MEAN)
        .normalize(Norm.L2)
        .maxLength(128)
        .set(Setting.PRECISION, "int8", "test")
        .build();
  }

  @BeforeAll
  static void open() throws IOException {
    embedder = Embedder.open(int8());
  }

  @AfterAll
  static void close() {
    embedder.close();
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(squaresA * squaresB);
  }

  private static List<String> texts() {
    return GOLDENS.stream().map(Goldens::text).toList();
  }

  @Test
  void vectorsAreCloseToTheReferenceInFloat() {
    float[][] vectors = embedder.embed(texts());
    double[] cosines = new double[vectors.length];
    for (int i = 0; i < cosines.length; i++) {
      cosines[i] = cosine(vectors[i], GOLDENS.get(i).vectors().get(Pooling.MEAN));
    }
    Arrays.sort(cosines);
    assertThat(cosines[cosines.length / 2]).isBetween(0.99, 0.9999);
    assertThat(cosines[0]).isGreaterThan(0.95);
  }

  @Test
  void aTextAloneIsTheTextInABatchInAnyOrder() {
    List<String> texts = texts();
    float[][] together = embedder.embed(texts);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(7));
    float[][] shuffled = embedder.embed(order.stream().map(texts::get).toList());
    for (int i = 0; i < texts.size(); i++) {
      int text = order.get(i);
      assertThat(cosine(shuffled[i], together[text])).isGreaterThan(SAME_TEXT);
      assertThat(cosine(embedder.embed(List.of(texts.get(text)))[0], together[text]))
          .as(texts.get(text))
          .isGreaterThan(SAME_TEXT);
    }
  }

  /** Steps settled by batch would be wide where a neighbour's values are. */
  @Test
  void hostileNeighboursChangeNothing() {
    List<String> texts = new ArrayList<>(texts().subList(0, 8));
    float[][] before = embedder.embed(texts);
    texts.addAll(Naughty.strings().subList(0, 60));
    float[][] among = embedder.embed(texts);
    for (int i = 0; i < before.length; i++) {
      assertThat(cosine(before[i], among[i])).isGreaterThan(SAME_TEXT);
    }
  }

  @Test
  void noTextGivesWhatIsNoNumber() {
    for (float[] vector : embedder.embed(Naughty.strings().subList(0, 200))) {
      assertThat(cosine(vector, vector)).isBetween(0.999, 1.001);
    }
  }

  @Test
  void twoSessionsGiveTheSameVectors() throws IOException {
    List<String> texts = texts().subList(0, 5);
    try (Embedder second = Embedder.open(int8())) {
      assertThat(second.embed(texts)).isDeepEqualTo(embedder.embed(texts));
    }
  }

  @Test
  void aModelWithoutDenseLayersIsRefused(@TempDir Path folder) {
    EmbedderConfig config =
        EmbedderConfig.of(TinyModels.graph().writeDirectory(folder).toString()).toBuilder()
            .set(Setting.PRECISION, "int8", "test")
            .build();
    assertThatThrownBy(() -> Embedder.open(config))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("model.onnx", "precision int8 finds nothing to do");
  }

  @Test
  void onlyKnownPrecisionsAreTaken() {
    assertThat(Setting.PRECISION.parse(" INT8 ")).isEqualTo(Precision.INT8);
    assertThatThrownBy(() -> Setting.PRECISION.parse("int4"))
        .hasMessageContainingAll("precision", "int4", "float or int8");
  }
}
