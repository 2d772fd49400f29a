package io.embark.analysis.search;

import java.io.Serializable;
import java.util.Arrays;
import org.apache.spark.sql.Row;

/**
 * A row found for a query. The order is the nearest first; rows equally near stand in the order of
 * their columns, so that the same table gives the same hits however it is split.
 */
record Hit(double nearness, Row row) implements Comparable<Hit>, Serializable {

  @Override
  public int compareTo(Hit other) {
    int order = Double.compare(other.nearness, nearness);
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
