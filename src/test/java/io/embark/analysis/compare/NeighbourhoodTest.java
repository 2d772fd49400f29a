package io.embark.analysis.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.compare.PairScores.Similarity;
import io.embark.analysis.compare.Probes.Confusion;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.junit.jupiter.api.Test;

class NeighbourhoodTest {
  private static final Candidate SOME = new Candidate("some", 5);

  private static double cosine(double[] a, double[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  private static double[][] random(int n, int dimension) {
    Random random = new Random(7);
    return IntStream.range(0, n)
        .mapToObj(i -> random.doubles(dimension, -1, 1.5).toArray())
        .toArray(double[][]::new);
  }

  @Test
  void isWhatBruteForceFinds() {
    double[][] vectors = random(60, 5);
    double[][] copy = Arrays.stream(vectors).map(double[]::clone).toArray(double[][]::new);
    Neighbours.Found found = Neighbourhood.of(SOME, vectors);

    double[] cosines =
        IntStream.range(0, 60)
            .boxed()
            .flatMap(i -> IntStream.range(0, i).mapToObj(j -> cosine(copy[i], copy[j])))
            .mapToDouble(Double::doubleValue)
            .toArray();
    double mean = Arrays.stream(cosines).average().orElseThrow();
    double variance =
        Arrays.stream(cosines).map(c -> (c - mean) * (c - mean)).average().orElseThrow();
    assertThat(found.mean()).isCloseTo(mean, within(1e-9));
    assertThat(found.sd()).isCloseTo(Math.sqrt(variance), within(1e-9));
    assertThat(Arrays.stream(found.histogram()).sum()).isEqualTo(cosines.length);
    long upper = Arrays.stream(cosines).filter(c -> c >= 0).count();
    int half = Neighbourhood.BARS / 2;
    assertThat(Arrays.stream(found.histogram()).skip(half).sum()).isEqualTo(upper);

    double[] occurrences = new double[60];
    for (int i = 0; i < 60; i++) {
      int self = i;
      int[] nearest =
          IntStream.range(0, 60)
              .filter(j -> j != self)
              .boxed()
              .sorted(Comparator.comparingDouble(j -> -cosine(copy[self], copy[j])))
              .limit(10)
              .mapToInt(Integer::intValue)
              .toArray();
      assertThat(found.nearest()[i]).containsExactly(nearest);
      Arrays.stream(nearest).forEach(j -> occurrences[j]++);
    }
    // Skewness by its definition, E[((x - mean) / sd)^3].
    double sd = Math.sqrt(Arrays.stream(occurrences).map(o -> (o - 10) * (o - 10)).sum() / 60);
    double skewness =
        Arrays.stream(occurrences).map(o -> Math.pow((o - 10) / sd, 3)).average().orElseThrow();
    assertThat(found.hubness()).isCloseTo(skewness, within(1e-9));
  }

  @Test
  void fewerVectorsThanNeighboursAreAllNeighbours() {
    Neighbours.Found found = Neighbourhood.of(SOME, new double[][] {{1, 0}, {2, 0.1}, {0, 3}});
    assertThat(found.nearest()).isEqualTo(new int[][] {{1, 2}, {0, 2}, {1, 0}});
    assertThat(found.hubness()).isZero();
  }

  @Test
  void overlapIsTheJaccardIndex() {
    assertThat(Neighbourhood.overlap(new int[] {1, 2, 3}, new int[] {3, 4, 1})).isEqualTo(0.5);
    assertThat(Neighbourhood.overlap(new int[] {1}, new int[] {1})).isEqualTo(1);
    assertThat(Neighbourhood.overlap(new int[] {1}, new int[] {2})).isZero();
  }

  @Test
  void similaritiesOfAHandCase() {
    Vector a = Vectors.dense(1, 2, 2);
    Vector b = Vectors.dense(2, 0, 1);
    assertThat(Similarity.DOT.of(a, b)).isEqualTo(4);
    assertThat(Similarity.COSINE.of(a, b)).isCloseTo(4 / (3 * Math.sqrt(5)), within(1e-12));
    assertThat(Similarity.EUCLIDEAN.of(a, b)).isCloseTo(-Math.sqrt(6), within(1e-12));
    assertThat(Similarity.MANHATTAN.of(a, b)).isEqualTo(-4);
    assertThat(Similarity.COSINE.of(a, Vectors.zeros(3))).isZero();
  }

  @Test
  void confusionOfAHandCase() {
    // Class 2 neither occurs nor is predicted: it does not count.
    Confusion found = new Confusion(new long[][] {{3, 1, 0}, {2, 4, 0}, {0, 0, 0}});
    assertThat(found.accuracy()).isEqualTo(0.7);
    assertThat(found.macroF1()).isCloseTo((6.0 / 9 + 8.0 / 11) / 2, within(1e-12));
    assertThat(List.of(found.counts())).hasSize(3);
  }
}
