package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.pooling.Norm;
import io.embark.vector.Half;
import io.embark.vector.Int8Ranges;
import io.embark.vector.SignBits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The built-in models on the development set of the STS benchmark (1,500 pairs): Spearman's rank
 * correlation of cosine and human score, times 100. The data may not be shipped, so this runs where
 * it lies beside the project. Wanted: the figures of the same model files in plain Python.
 */
@EnabledIf("dataIsThere")
class StsBenchmarkTest {
  private static final Path DATA = Path.of("..", "shared", "data", "stsb", "dev.tsv");
  private static final double TOLERANCE = 0.05;
  private static final int THREADS = 2;

  static boolean dataIsThere() {
    return Files.isReadable(DATA);
  }

  private record Pair(String first, String second, double score) {}

  private static List<Pair> pairs() throws IOException {
    List<Pair> pairs = new ArrayList<>();
    for (String line : Files.readAllLines(DATA).subList(1, 1501)) {
      String[] fields = line.split("\t");
      pairs.add(new Pair(fields[5], fields[6], Double.parseDouble(fields[4])));
    }
    return pairs;
  }

  @ParameterizedTest
  @CsvSource({
    "all-MiniLM-L6-v2, mean,   none,     256, 86.72",
    "all-MiniLM-L6-v2, cls,    none,     256, 79.73",
    "all-MiniLM-L6-v2, pooler, none,     256, 79.34",
    "bge-small-en-v1.5, cls,   none,     512, 88.92",
    "e5-small-v2,      mean,   none,     512, 87.91",
    "e5-small-v2,      mean,   query,    512, 87.80",
  })
  void rankCorrelationIsThatOfTheReference(
      String model, String pooling, String prompt, int maxLength, double wanted)
      throws IOException {
    EmbedderConfig config =
        EmbedderConfig.of("builtin:" + model).toBuilder()
            .set(Setting.POOLING, pooling, "test")
            .set(Setting.PROMPT, prompt, "test")
            .normalize(Norm.L2)
            .maxLength(maxLength)
            .build();
    List<Pair> pairs = pairs();
    Map<String, float[]> vectors;
    try (Embedder embedder = Embedder.open(config)) {
      vectors = embed(embedder, pairs);
    }
    double found = spearman(pairs, vectors);
    System.out.printf("STS-B dev %s %s prompt %s: %.2f%n", model, pooling, prompt, found);
    assertThat(found).isCloseTo(wanted, within(TOLERANCE));
  }

  /** At most 0.3 points below float, whose figures stand above. */
  @ParameterizedTest
  @CsvSource({
    "all-MiniLM-L6-v2, mean, 256, 86.72",
    "bge-small-en-v1.5, cls, 512, 88.92",
    "e5-small-v2, mean, 512, 87.91",
  })
  void int8LosesLittle(String model, String pooling, int maxLength, double ofFloat)
      throws IOException {
    EmbedderConfig config =
        EmbedderConfig.of("builtin:" + model).toBuilder()
            .set(Setting.POOLING, pooling, "test")
            .set(Setting.PRECISION, "int8", "test")
            .normalize(Norm.L2)
            .maxLength(maxLength)
            .build();
    List<Pair> pairs = pairs();
    try (Embedder embedder = Embedder.open(config)) {
      double found = spearman(pairs, embed(embedder, pairs));
      System.out.printf("STS-B dev %s %s in int8: %.2f%n", model, pooling, found);
      assertThat(found).isGreaterThan(ofFloat - 0.3);
    }
  }

  /** What storing vectors in less costs, by {@code docs/pooling.md}. */
  @Test
  void smallerTypesLoseLittle() throws IOException {
    EmbedderConfig config = EmbedderConfig.of("builtin:all-MiniLM-L6-v2");
    List<Pair> pairs = pairs();
    Map<String, float[]> exact;
    try (Embedder embedder = Embedder.open(config)) {
      exact = embed(embedder, pairs);
    }
    Int8Ranges ranges =
        exact.values().stream().map(Int8Ranges::ofFirst).reduce(Int8Ranges::union).orElseThrow();
    Map<String, UnaryOperator<float[]>> stored = new LinkedHashMap<>();
    stored.put("float", v -> v);
    stored.put("float16-bits", v -> Half.decode(Half.encode(v)));
    stored.put("int8", v -> ranges.decode(ranges.encode(v)));
    stored.put("binary", v -> SignBits.decode(SignBits.encode(v), v.length));
    double[] atLeast = {86.67, 86.67, 86.5, 82};
    int i = 0;
    for (var type : stored.entrySet()) {
      Map<String, float[]> vectors = new HashMap<>();
      exact.forEach(
          (text, vector) -> {
            float[] read = type.getValue().apply(vector);
            Norm.L2.apply(read);
            vectors.put(text, read);
          });
      double found = spearman(pairs, vectors);
      System.out.printf("STS-B dev all-MiniLM-L6-v2 mean as %s: %.2f%n", type.getKey(), found);
      assertThat(found).as(type.getKey()).isGreaterThan(atLeast[i++]);
    }
  }

  private static double spearman(List<Pair> pairs, Map<String, float[]> vectors) {
    double[] cosines =
        pairs.stream()
            .mapToDouble(p -> dot(vectors.get(p.first()), vectors.get(p.second())))
            .toArray();
    double[] scores = pairs.stream().mapToDouble(Pair::score).toArray();
    return 100 * pearson(ranks(cosines), ranks(scores));
  }

  private static Map<String, float[]> embed(Embedder embedder, List<Pair> pairs) {
    LinkedHashSet<String> distinct = new LinkedHashSet<>();
    pairs.forEach(p -> distinct.addAll(List.of(p.first(), p.second())));
    List<String> texts = List.copyOf(distinct);
    List<CompletableFuture<float[][]>> parts = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      List<String> part =
          texts.subList(texts.size() * t / THREADS, texts.size() * (t + 1) / THREADS);
      parts.add(CompletableFuture.supplyAsync(() -> embedder.embed(part)));
    }
    Map<String, float[]> vectors = new HashMap<>();
    int next = 0;
    for (CompletableFuture<float[][]> part : parts) {
      for (float[] vector : part.join()) {
        vectors.put(texts.get(next++), vector);
      }
    }
    return vectors;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /** Ranks from 1, equal values sharing the mean of their ranks. */
  private static double[] ranks(double[] values) {
    Integer[] order = new Integer[values.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(values[a], values[b]));
    double[] ranks = new double[values.length];
    for (int from = 0; from < order.length; ) {
      int to = from;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + 1 + to) / 2.0;
      }
      from = to;
    }
    return ranks;
  }

  private static double pearson(double[] x, double[] y) {
    double meanX = Arrays.stream(x).average().orElseThrow();
    double meanY = Arrays.stream(y).average().orElseThrow();
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xy += (x[i] - meanX) * (y[i] - meanY);
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
    }
    return xy / Math.sqrt(xx * yy);
  }
}
