package io.embark.analysis.measure;

import static org.assertj.core.api.Assertions.assertThat;

import breeze.optimize.linear.KuhnMunkres;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;

class AssignmentTest {
  private final Random random = new Random(11);

  @Test
  void handCases() {
    assertThat(Assignment.most(new long[][] {{7}})).isEqualTo(7);
    // The greatest cell alone would leave 1 + 10 of 9 + 9.
    assertThat(Assignment.most(new long[][] {{10, 9}, {9, 1}})).isEqualTo(18);
    assertThat(Assignment.most(new long[][] {{1, 5, 3}})).isEqualTo(5);
    assertThat(Assignment.most(new long[][] {{1}, {5}, {3}})).isEqualTo(5);
    assertThat(Assignment.most(new long[][] {{0, 0}, {0, 0}})).isZero();
    long large = Long.MAX_VALUE / 8;
    assertThat(Assignment.most(new long[][] {{large, 1}, {large, 0}})).isEqualTo(large + 1);
  }

  /** Every way to give the rows columns of their own; few values, so that many are alike. */
  @Test
  void bruteForce() {
    for (int round = 0; round < 500; round++) {
      long[][] table = table(1 + random.nextInt(6), 1 + random.nextInt(6), 1 + random.nextInt(9));
      assertThat(Assignment.most(table))
          .as(() -> Arrays.deepToString(table))
          .isEqualTo(best(table, 0, new boolean[table[0].length]));
    }
  }

  @ParameterizedTest
  @CsvSource({"40,40,3", "40,40,1000000", "12,60,4", "60,12,50", "25,80,1000000000"})
  void asKuhnAndMunkres(int rows, int columns, int values) {
    for (int round = 0; round < 5; round++) {
      long[][] table = table(rows, columns, values);
      assertThat(Assignment.most(table)).isEqualTo(kuhnMunkres(table));
    }
  }

  /** A square table of 3,000 would take about an hour by Munkres' algorithm. */
  @Test
  @Timeout(60)
  void manyClassesAndFewClusters() {
    long[][] table = table(3_000, 20, 100);
    assertThat(Assignment.most(table)).isBetween(20L * 90, 20L * 99);
    assertThat(Assignment.most(table(20_000, 200, 100))).isBetween(200L * 90, 200L * 99);
    assertThat(Assignment.most(table(2_000, 2_000, 100))).isBetween(2_000L * 90, 2_000L * 99);
  }

  private long[][] table(int rows, int columns, int values) {
    long[][] table = new long[rows][];
    for (int i = 0; i < rows; i++) {
      table[i] = random.longs(columns, 0, values).toArray();
    }
    return table;
  }

  /** Every way to give rows from this one on a column of their own. */
  static long best(long[][] table, int row, boolean[] taken) {
    if (row == table.length) {
      return 0;
    }
    // A row may stay without a column.
    long most = best(table, row + 1, taken);
    for (int j = 0; j < taken.length; j++) {
      if (!taken[j]) {
        taken[j] = true;
        most = Math.max(most, table[row][j] + best(table, row + 1, taken));
        taken[j] = false;
      }
    }
    return most;
  }

  /** Breeze's, of costs, made square. */
  private static long kuhnMunkres(long[][] table) {
    int size = Math.max(table.length, table[0].length);
    List<Seq<Object>> costs = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      List<Object> row = new ArrayList<>();
      for (int j = 0; j < size; j++) {
        row.add(i < table.length && j < table[0].length ? (double) -table[i][j] : 0.0);
      }
      costs.add(JavaConverters.asScalaBuffer(row));
    }
    Tuple2<? extends Seq<Object>, Object> matching =
        KuhnMunkres.extractMatching(JavaConverters.asScalaBuffer(costs));
    return Math.round(-(Double) matching._2());
  }
}
