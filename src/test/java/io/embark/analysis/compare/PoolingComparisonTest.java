package io.embark.analysis.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.embed.EmbedderConfig;
import io.embark.pooling.Pooling;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoolingComparisonTest {
  private static final EmbedderConfig CONFIG =
      EmbedderConfig.builder()
          .model("builtin:all-MiniLM-L6-v2")
          .pooling(Pooling.MEAN, Pooling.CLS)
          .build();

  @TempDir Path scratch;

  /** Two subjects, told apart by any sentence vector. */
  private static Dataset<Row> texts(String and) {
    return LocalSpark.session()
        .sql(
            "SELECT IF(id % 2 = 0, concat('Where is my parcel number ', id, '?'),"
                + " concat('The match ended ', id, ' to nil')) AS said,"
                + " IF(id % 2 = 0, 'post', 'sport') AS about FROM range(48)"
                + and);
  }

  @Test
  void labelsRankThePoolings() {
    Comparison found =
        new PoolingComparison(CONFIG, 2, 100, scratch.toString())
            .onLabels(texts(" UNION ALL SELECT NULL, 'post'"), "said", "about");

    assertThat(found.candidates()).extracting(Candidate::name).containsExactly("mean", "cls");
    assertThat(found.deciding().orElseThrow().measure()).isEqualTo(Measure.PROBE_ACCURACY);
    assertThat(
            found.figure(found.candidates().get(0), Measure.PROBE_ACCURACY).orElseThrow().value())
        .isEqualTo(1);
    assertThat(found.scope().rows()).isEqualTo(48);
    assertThat(found.scope().labels()).isEqualTo(2);
    assertThat(found.scope().notes())
        .anyMatch(note -> note.startsWith("1 of 49 rows left out: a text is null"));
    assertThat(found.scope().own()).contains("mean");
    assertThat(Recommendation.of(found).candidate()).contains("mean");
  }

  @Test
  void textsAloneRankNothingAndScratchIsCleared() throws IOException {
    Comparison found =
        new PoolingComparison(CONFIG, 2, 100, scratch.toString()).onTexts(texts(""), "said");

    assertThat(found.deciding()).isEmpty();
    assertThat(found.scope().clusters()).isEqualTo(20);
    try (Stream<Path> left = Files.list(scratch)) {
      assertThat(left.filter(Files::isDirectory)).isEmpty();
    }
  }

  @Test
  void aMissingColumnIsNamed() {
    assertThatThrownBy(
            () ->
                new PoolingComparison(CONFIG, 2, 100, scratch.toString())
                    .onLabels(texts(""), "said", "label"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("No column 'label' in the table; it has said, about.");
  }
}
