package io.embark.analysis.search;

import java.util.Arrays;
import java.util.Collections;
import java.util.PriorityQueue;

/** The best so many hits of one query. */
final class TopHits {
  private final int most;
  private final PriorityQueue<Hit> hits = new PriorityQueue<>(Collections.reverseOrder());

  TopHits(int most) {
    this.most = most;
  }

  /** The nearness below which nothing can come in. */
  double floor() {
    return hits.size() < most ? Double.NEGATIVE_INFINITY : hits.peek().nearness();
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
    Hit[] merged = new Hit[Math.min(most, left.length + right.length)];
    int l = 0;
    for (int i = 0; i < merged.length; i++) {
      int r = i - l;
      boolean takeLeft = r == right.length || l < left.length && left[l].compareTo(right[r]) <= 0;
      merged[i] = takeLeft ? left[l++] : right[r];
    }
    return merged;
  }
}
