package io.embark.analysis.search;

import java.io.Serializable;
import java.util.List;

/**
 * Queries that go through the table together.
 *
 * @param ids of the queries
 * @param texts null where a query has none
 * @param vectors {@code [queries, dimension]}
 * @param norms Euclidean length of each vector
 */
record QueryBlock(long[] ids, String[] texts, float[] vectors, double[] norms, int dimension)
    implements Serializable {

  /** A query as it is collected. */
  record Query(long id, String text, float[] vector) {}

  static QueryBlock of(List<Query> queries, int dimension) {
    int n = queries.size();
    QueryBlock block =
        new QueryBlock(
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

  static double norm(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }
}
