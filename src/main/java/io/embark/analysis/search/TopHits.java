package io.embark.analysis.search;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collections;
import java.util.PriorityQueue;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;

/** The best hits of one query, up to a number. */
final class TopHits {
  private final int most;
  private final PriorityQueue<Hit> hits = new PriorityQueue<>(Collections.reverseOrder());

  /**
   * A row found for a query. The order is the nearest first; rows equally near stand in the order
   * of their columns, so that the same table gives the same hits however it is split.
   */
  record Hit(double similarity, Row row) implements Comparable<Hit>, Serializable {
    @Override
    public int compareTo(Hit other) {
      int order = Double.compare(other.similarity, similarity);
      for (int i = 0; order == 0 && i < row.size(); i++) {
        order = compare(row.get(i), other.row.get(i));
      }
      return order;
    }

    @SuppressWarnings("unchecked")
    private static int compare(Object left, Object right) {
      if (left == null || right == null) {
        return Boolean.compare(left == null, right == null);
      }
      if (left instanceof Comparable<?> comparable) {
        // A column holds values of one class.
        return ((Comparable<Object>) comparable).compareTo(right);
      }
      return left instanceof byte[] bytes
          ? Arrays.compare(bytes, (byte[]) right)
          : left.toString().compareTo(right.toString());
    }
  }

  TopHits(int most) {
    this.most = most;
  }

  /** The similarity below which no hit is taken. */
  double floor() {
    return hits.size() < most ? Double.NEGATIVE_INFINITY : hits.peek().similarity();
  }

  void offer(Hit hit) {
    if (hits.size() < most) {
      hits.add(hit);
    } else if (hit.compareTo(hits.peek()) < 0) {
      hits.poll();
      hits.add(hit);
    }
  }

  /** A copy, best first. */
  Hit[] sorted() {
    Hit[] sorted = hits.toArray(Hit[]::new);
    Arrays.sort(sorted);
    return sorted;
  }

  /** The best of two sorted lists. */
  static Hit[] merge(Hit[] left, Hit[] right, int most) {
    return Stream.concat(Arrays.stream(left), Arrays.stream(right))
        .sorted()
        .limit(most)
        .toArray(Hit[]::new);
  }
}
