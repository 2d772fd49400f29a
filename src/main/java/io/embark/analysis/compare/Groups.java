package io.embark.analysis.compare;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.IntFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/** Rows brought together by a number, each group reduced to one row where it lies. */
final class Groups {
  /** Column that says to which group a row belongs. */
  static final String GROUP = "group";

  private Groups() {}

  /** Takes the rows of one group, in order, and makes one of them. */
  interface Collector {
    void add(Row row);

    Row finish();
  }

  /** Makes the collector of a group. */
  interface Start extends IntFunction<Collector>, java.io.Serializable {}

  /**
   * @param rows with an int column {@link #GROUP} first
   * @param groups how many there are; as many tasks are used
   * @param order column by which the rows of a group are sorted
   */
  static Dataset<Row> reduce(
      Dataset<Row> rows, int groups, String order, StructType result, Start start) {
    MapPartitionsFunction<Row, Row> reduce = sorted -> new Reduced(sorted, start);
    return rows.repartition(groups, functions.col(GROUP))
        .sortWithinPartitions(GROUP, order)
        .mapPartitions(reduce, Encoders.row(result));
  }

  private static final class Reduced implements Iterator<Row> {
    private final Iterator<Row> sorted;
    private final Start start;
    private Row next;

    Reduced(Iterator<Row> sorted, Start start) {
      this.sorted = sorted;
      this.start = start;
      this.next = sorted.hasNext() ? sorted.next() : null;
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Row next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      int group = next.getInt(0);
      Collector collector = start.apply(group);
      while (next != null && next.getInt(0) == group) {
        collector.add(next);
        next = sorted.hasNext() ? sorted.next() : null;
      }
      return collector.finish();
    }
  }
}
