package io.embark.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.LocalSpark;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That the benchmarks run and say what they should; what they find is no business of a test. */
class BenchmarksTest {
  private static final String MODEL = "builtin:all-MiniLM-L6-v2";
  private final StringWriter printed = new StringWriter();
  private final PrintWriter out = new PrintWriter(printed);

  private interface Measuring {
    void run() throws Exception;
  }

  /** Jobs look for the shipped sample in Embark's home. */
  private static void inThisCheckout(Measuring measuring) throws Exception {
    String before = System.getProperty("embark.home");
    System.setProperty("embark.home", "src/main/dist");
    try {
      measuring.run();
    } finally {
      if (before == null) {
        System.clearProperty("embark.home");
      } else {
        System.setProperty("embark.home", before);
      }
    }
  }

  @Test
  void everyWayOfEmbeddingHasItsLine() throws Exception {
    inThisCheckout(
        () -> {
          Throughput throughput = new Throughput(LocalSpark.session(), out, 2, 1, MODEL);
          throughput.explain();
          throughput.measure(Corpus.SHORT, 60);
          throughput.measurePoolings(Corpus.SHORT, 20);
        });
    assertThat(printed.toString())
        .contains("short (3 to 30 words", "60 rows")
        .containsPattern("ONNX Runtime alone +[0-9,]+ .* 1\\.00X")
        .containsPattern("Java loop +[0-9,]+ ")
        .containsPattern("Spark +[0-9,]+ ")
        .containsPattern("embed job +[0-9,]+ ")
        .containsPattern("four poolings cost \\d");
  }

  @Test
  void aStaticModelIsSetAgainstTheModelWhoseWordsItHas() throws Exception {
    inThisCheckout(
        () ->
            new StaticSpeed(LocalSpark.session(), out, 2, 1, MODEL).measure(Corpus.SHORT, 20, 60));
    assertThat(printed.toString())
        .containsPattern("builtin:all-MiniLM-L6-v2 +20 +[0-9,]+ ")
        .containsPattern("static model +60 +[0-9,]+ ")
        .containsPattern("relative: [0-9.]+X");
  }

  @Test
  void growthHasALineForEveryNumberOfRows() throws Exception {
    Growth growth = new Growth(LocalSpark.session(), out, 2, 1, MODEL);
    growth.costs(100, 1_000);
    growth.memory(100, 1_000);
    assertThat(printed.toString().lines().filter(line -> line.matches("  +(100|1,000) .*")))
        .as("time and memory of 100 and 1,000 rows")
        .hasSize(4);
  }

  @Test
  void waysTakeTurnsAndTheOrderChanges() throws Exception {
    List<String> ran = new ArrayList<>();
    Turns turns = new Turns(2).way("a", () -> ran.add("a")).way("b", () -> ran.add("b")).run();
    assertThat(ran).containsExactly("a", "b", "b", "a", "a", "b");
    turns.print(out, "runs/s", 1);
    assertThat(printed.toString()).containsPattern("a .*1\\.00X \\(1\\.00 \\.\\. 1\\.00\\)");
  }

  @Test
  void theScalingTableHasEveryCase() {
    Scaling.print(out, List.of(1e5, 4e5), 8, 2.5);
    assertThat(
            printed
                .toString()
                .lines()
                .filter(line -> line.matches(" +(100,000,000|10,000,000,000) .*")))
        .hasSize(2 * 3 * 2 * 4);
    assertThat(printed.toString()).contains("model").contains("host");
  }
}
