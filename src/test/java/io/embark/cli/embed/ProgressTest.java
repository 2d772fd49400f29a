package io.embark.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.spark.TextEmbedder;
import io.embark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | 1000 | 1 | 0 | 0 of 1,000 rows (0 %), 0 rows/s",
        "10 | 1000 | 2 | 0 | 10 of 1,000 rows (1 %), 5 rows/s",
        "500 | 1000 | 10 | 0 | 500 of 1,000 rows (50 %), 50 rows/s, 10 s left",
        "1000 | 361000 | 10 | 0 | 1,000 of 361,000 rows (0 %), 100 rows/s, 1 h 00 min left",
        "1000 | 13000 | 10 | 2 | 1,000 of 13,000 rows (7 %), 100 rows/s, 2 min left, 2 failed"
            + " tasks",
        "500 | -1 | 10 | 0 | 500 rows, 50 rows/s",
        "0 | 0 | 10 | 0 | 0 of 0 rows (100 %), 0 rows/s",
      })
  void itIsSaidInWords(long rows, long total, double seconds, int failed, String words) {
    assertThat(new Progress.State(rows, total, seconds, failed).inWords()).isEqualTo(words);
  }

  @Test
  void rowsOfAllTasksAreSeen() throws Exception {
    SparkContext context = LocalSpark.session().sparkContext();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      texts.add("text " + i);
    }
    TextEmbedder embedder =
        new TextEmbedder().setModel("builtin:all-MiniLM-L6-v2").setDevice("cpu");
    try (Progress progress = Progress.of(context, 64, Progress.Report.NONE)) {
      embedder.transform(LocalSpark.texts(4, texts)).collectAsList();
      context.listenerBus().waitUntilEmpty();
      assertThat(progress.rows()).isEqualTo(64);
      assertThat(progress.failedTasks()).isZero();
    }
  }
}
