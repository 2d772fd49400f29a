package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.testing.Goldens;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbedderGoldenTest {

  @ParameterizedTest
  @CsvSource({
    "POOLER,128", "CLS,128", "MEAN,128", "MAX,128", "MEAN_SQRT_LEN,128", "WEIGHTED_MEAN,128",
    "LAST_TOKEN,128", "POOLER,512", "CLS,512", "MEAN,512", "MAX,512", "MEAN_SQRT_LEN,512",
    "WEIGHTED_MEAN,512", "LAST_TOKEN,512"
  })
  void vectorsEqualTheReference(Pooling pooling, int maxLength) throws IOException {
    List<Goldens> goldens = Goldens.all().stream().filter(g -> g.maxLength() == maxLength).toList();
    EmbedderConfig config =
        EmbedderConfig.builder().pooling(pooling).maxLength(maxLength).normalize(Norm.NONE).build();
    try (Embedder embedder = Embedder.open(config)) {
      float[][] vectors = embedder.embed(goldens.stream().map(Goldens::text).toList());
      for (int i = 0; i < vectors.length; i++) {
        Goldens golden = goldens.get(i);
        assertThat(embedder.pipeline().tokenizer().tokenize(golden.text()).ids())
            .as("ids of '%s'", golden.text())
            .containsExactly(golden.inputIds());
        float[] wanted = golden.vectors().get(pooling);
        for (int h = 0; h < wanted.length; h++) {
          assertThat(vectors[i][h])
              .as("%s of '%s', dimension %d", pooling, golden.text(), h)
              .isCloseTo(wanted[h], within(Goldens.tolerance(pooling)));
        }
      }
    }
  }
}
