package io.embark.analysis.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ClusterAgreementTest {
  private static final Offset<Double> CLOSE = within(1e-12);

  @Test
  void perfectUnderOtherNames() {
    ClusterAgreement agreement =
        new ClusterAgreement(new long[][] {{0, 5, 0}, {0, 0, 7}, {3, 0, 0}});
    assertThat(agreement.vMeasure()).isCloseTo(1, CLOSE);
    assertThat(agreement.nmi()).isCloseTo(1, CLOSE);
    assertThat(agreement.adjustedRandIndex()).isCloseTo(1, CLOSE);
    assertThat(agreement.accuracy()).isCloseTo(1, CLOSE);
  }

  @Test
  void oneClusterForAll() {
    ClusterAgreement agreement = new ClusterAgreement(new long[][] {{4}, {6}});
    assertThat(agreement.homogeneity()).isCloseTo(0, CLOSE);
    assertThat(agreement.completeness()).isEqualTo(1);
    assertThat(agreement.vMeasure()).isCloseTo(0, CLOSE);
    assertThat(agreement.nmi()).isZero();
    assertThat(agreement.adjustedRandIndex()).isCloseTo(0, CLOSE);
    assertThat(agreement.accuracy()).isCloseTo(0.6, CLOSE);
  }

  /**
   * The table 5 1 2 / 1 4 0 / 0 1 3, each pair counted by hand: 20 pairs share both groups (10 + 0
   * + 1, 0 + 6, 0 + 3), 44 a class (28 + 10 + 6), 40 a cluster (15 + 15 + 10), of 136.
   */
  @Test
  void handCase() {
    ClusterAgreement agreement =
        new ClusterAgreement(new long[][] {{5, 1, 2}, {1, 4, 0}, {0, 1, 3}});
    double expected = 44.0 * 40 / 136;
    assertThat(agreement.adjustedRandIndex()).isCloseTo((20 - expected) / (42 - expected), CLOSE);
    assertThat(agreement.accuracy()).isCloseTo(12.0 / 17, CLOSE);
  }

  @Test
  void bruteForce() {
    Random random = new Random(5);
    for (int round = 0; round < 100; round++) {
      int classes = 1 + random.nextInt(5);
      int clusters = 1 + random.nextInt(5);
      int n = 2 + random.nextInt(40);
      int[] a = random.ints(n, 0, classes).toArray();
      int[] b = random.ints(n, 0, clusters).toArray();
      long[][] table = new long[classes][clusters];
      for (int i = 0; i < n; i++) {
        table[a[i]][b[i]]++;
      }
      ClusterAgreement agreement = new ClusterAgreement(table);
      assertThat(agreement.accuracy()).isCloseTo(bestAssignment(table, n), CLOSE);
      assertThat(agreement.adjustedRandIndex()).isCloseTo(pairCount(a, b), within(1e-9));
      double[] information = information(a, b);
      double h = information[0] + information[1];
      assertThat(agreement.vMeasure())
          .isCloseTo(h == 0 ? 1 : Math.max(0, 2 * information[2] / h), within(1e-9));
      double product = information[0] * information[1];
      if (product > 0) {
        assertThat(agreement.nmi())
            .isCloseTo(Math.max(0, information[2] / Math.sqrt(product)), within(1e-9));
      }
    }
  }

  /** Every way to give classes a cluster of their own. */
  private static double bestAssignment(long[][] table, int n) {
    return (double) AssignmentTest.best(table, 0, new boolean[table[0].length]) / n;
  }

  private static double pairCount(int[] a, int[] b) {
    double both = 0;
    double first = 0;
    double second = 0;
    double all = 0;
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < i; j++) {
        all++;
        both += a[i] == a[j] && b[i] == b[j] ? 1 : 0;
        first += a[i] == a[j] ? 1 : 0;
        second += b[i] == b[j] ? 1 : 0;
      }
    }
    double expected = first * second / all;
    double most = (first + second) / 2;
    return most == expected ? 1 : (both - expected) / (most - expected);
  }

  /** Both entropies and the mutual information, from the items themselves. */
  private static double[] information(int[] a, int[] b) {
    double ha = 0;
    double hb = 0;
    double mutual = 0;
    for (int i = 0; i < a.length; i++) {
      double inA = 0;
      double inB = 0;
      double inBoth = 0;
      for (int j = 0; j < a.length; j++) {
        inA += a[i] == a[j] ? 1 : 0;
        inB += b[i] == b[j] ? 1 : 0;
        inBoth += a[i] == a[j] && b[i] == b[j] ? 1 : 0;
      }
      double n = a.length;
      ha -= Math.log(inA / n) / n;
      hb -= Math.log(inB / n) / n;
      mutual += Math.log(inBoth * n / (inA * inB)) / n;
    }
    return new double[] {ha, hb, mutual};
  }

  @Test
  void badInput() {
    assertThatThrownBy(() -> new ClusterAgreement(new long[][] {{1}, {1, 2}}))
        .hasMessageContaining("ragged");
    assertThatThrownBy(() -> new ClusterAgreement(new long[0][])).hasMessageContaining("no item");
    assertThatThrownBy(() -> new ClusterAgreement(new long[][] {{-1, 2}}))
        .hasMessageContaining("negative");
  }
}
