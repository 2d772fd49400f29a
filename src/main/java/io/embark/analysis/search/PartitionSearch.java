package io.embark.analysis.search;

import dev.ludovic.netlib.blas.BLAS;
import io.embark.UserError;
import io.embark.analysis.search.PartitionSearch.TopHits.Hit;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * Finds the best rows of one partition for each query of a block. A product of matrices in float
 * tells which rows may belong to the best; only these are scored, in double and always in the same
 * order of summation, so that a score does not depend on where in a partition a row lies.
 */
final class PartitionSearch {
  private static final int ROWS = 256;
  private static final int QUERIES = 1024;

  private final Queries queries;
  private final Metric metric;
  private final TopHits[] best;
  private final int dimension;
  private final float[] vectors;
  private final double[] norms = new double[ROWS];
  private final Row[] rows = new Row[ROWS];
  private final float[] products;
  private int held;

  /**
   * Queries that go through the table together.
   *
   * @param texts null where a query has none
   * @param vectors {@code [queries, dimension]}
   */
  record Queries(long[] ids, String[] texts, float[] vectors, double[] norms, int dimension)
      implements Serializable {
    /** A query as it is collected. */
    record Query(long id, String text, float[] vector) {}

    static Queries of(List<Query> queries, int dimension) {
      int n = queries.size();
      Queries block =
          new Queries(
              new long[n], new String[n], new float[n * dimension], new double[n], dimension);
      for (int i = 0; i < n; i++) {
        Query query = queries.get(i);
        block.ids[i] = query.id;
        block.texts[i] = query.text;
        System.arraycopy(query.vector, 0, block.vectors, i * dimension, dimension);
        block.norms[i] = norm(query.vector);
      }
      return block;
    }

    int size() {
      return ids.length;
    }
  }

  PartitionSearch(Queries queries, Metric metric, int most) {
    this.queries = queries;
    this.metric = metric;
    this.dimension = queries.dimension();
    this.best = new TopHits[queries.size()];
    for (int i = 0; i < best.length; i++) {
      best[i] = new TopHits(most);
    }
    this.vectors = new float[ROWS * dimension];
    this.products = new float[ROWS * Math.min(QUERIES, queries.size())];
  }

  /** Takes a vector, which is copied, and what is kept of its row if it is a hit. */
  void add(float[] vector, Row row) {
    double norm = norm(vector);
    if (!Double.isFinite(norm)) {
      throw new UserError("A vector holds NaN or infinity, in row " + row + ".");
    }
    if (!metric.takes(norm)) {
      return;
    }
    System.arraycopy(vector, 0, vectors, held * dimension, dimension);
    norms[held] = norm;
    rows[held] = row;
    if (++held == ROWS) {
      flush();
    }
  }

  /** The hits of the queries that have any, by their index in the block. */
  List<Tuple2<Integer, Hit[]>> finish() {
    flush();
    List<Tuple2<Integer, Hit[]>> found = new ArrayList<>();
    for (int q = 0; q < best.length; q++) {
      Hit[] hits = best[q].sorted();
      if (hits.length > 0) {
        found.add(new Tuple2<>(q, hits));
      }
    }
    return found;
  }

  static double norm(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }

  private void flush() {
    int d = dimension;
    float[] asked = queries.vectors();
    for (int first = 0; held > 0 && first < best.length; first += QUERIES) {
      int n = Math.min(QUERIES, best.length - first);
      // products[r, q] in columns of held rows: one column per query.
      BLAS.getInstance()
          .sgemm(
              "T", "N", held, n, d, 1f, vectors, 0, d, asked, first * d, d, 0f, products, 0, held);
      for (int q = 0; q < n; q++) {
        select(first + q, q * held);
      }
    }
    held = 0;
  }

  private void select(int query, int offset) {
    TopHits hits = best[query];
    double norm = queries.norms()[query];
    for (int r = 0; r < held; r++) {
      double dot = products[offset + r];
      double squares = norm * norm + norms[r] * norms[r] - 2 * dot;
      double estimate = metric.similarity(dot, squares, norm, norms[r]);
      // Written so that a product that overflowed to NaN is scored.
      if (!(estimate + metric.slack(dimension, norm, norms[r]) < hits.floor())) {
        hits.offer(new Hit(score(query, r), rows[r]));
      }
    }
  }

  private double score(int query, int row) {
    double dot = 0;
    double squares = 0;
    int q = query * dimension;
    int x = row * dimension;
    for (int i = 0; i < dimension; i++) {
      double a = queries.vectors()[q + i];
      double b = vectors[x + i];
      dot += a * b;
      squares += (a - b) * (a - b);
    }
    // Adding 0 turns -0 into 0, which would otherwise be ranked below it.
    return metric.similarity(dot, squares, queries.norms()[query], norms[row]) + 0.0;
  }

  /** The best hits of one query, up to a number. */
  static final class TopHits {
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
}
