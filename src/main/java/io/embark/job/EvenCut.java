package io.embark.job;

import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.hash.Murmur3_x86_32;

/**
 * Cuts rows into tasks of equal tokens: laid end to end, the tokens of all rows are one long
 * stretch, and task {@code i} of {@code n} gets the rows that begin in its {@code n}-th part. No
 * task then holds more than its share and one row.
 *
 * <p>A row's task follows from its place in the input alone. A file gives its rows in the same
 * order every time, so that a task that is run again, here or elsewhere, sends each row where it
 * went before; rows whose order is not fixed must not be cut like this.
 */
final class EvenCut {
  private static final String KEY = "_embark_task";
  private static final int SEED_OF_HASH_PARTITIONING = 42;

  private EvenCut() {}

  /**
   * @param loads tokens of each split of {@code rows}, as {@code tokens} counts them
   * @param tokens what each row counts
   */
  static Dataset<Row> cut(Dataset<Row> rows, Column tokens, long[] loads, int tasks) {
    StructType schema = rows.schema();
    int width = schema.length();
    StructType keyed = schema.add(KEY, DataTypes.IntegerType, false);
    int[] keys = keys(tasks);
    long total = Arrays.stream(loads).sum();
    long[] begins = new long[loads.length];
    for (int i = 1; i < loads.length; i++) {
      begins[i] = begins[i - 1] + loads[i - 1];
    }
    MapPartitionsFunction<Row, Row> assign =
        split -> {
          int id = TaskContext.getPartitionId();
          return new Assigned(split, width, begins[id], total, keys);
        };
    return withMetadata(
        rows.withColumn(KEY, tokens)
            .mapPartitions(assign, Encoders.row(keyed))
            .repartition(tasks, functions.col(KEY)),
        schema);
  }

  /** Rows with the key of their task in place of their tokens. */
  private static final class Assigned implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final int width;
    private final long total;
    private final int[] keys;
    private long at;

    Assigned(Iterator<Row> rows, int width, long begin, long total, int[] keys) {
      this.rows = rows;
      this.width = width;
      this.at = begin;
      this.total = total;
      this.keys = keys;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Row next() {
      Row row = rows.next();
      Object[] values = new Object[width + 1];
      for (int i = 0; i < width; i++) {
        values[i] = row.get(i);
      }
      values[width] = keys[task(at, total, keys.length)];
      at += row.getLong(width);
      return RowFactory.create(values);
    }
  }

  /** The task of a row that begins at a token; the last one where a file has grown meanwhile. */
  static int task(long at, long total, int tasks) {
    return total == 0 ? 0 : (int) Math.min(tasks - 1, (long) ((double) at / total * tasks));
  }

  /**
   * A number for each task that Spark's hash partitioning sends there: a DataFrame cannot be told
   * the partition of a row in any other way.
   */
  static int[] keys(int tasks) {
    int[] keys = new int[tasks];
    boolean[] found = new boolean[tasks];
    int missing = tasks;
    for (int key = 0; missing > 0; key++) {
      int task = Math.floorMod(Murmur3_x86_32.hashInt(key, SEED_OF_HASH_PARTITIONING), tasks);
      if (!found[task]) {
        found[task] = true;
        keys[task] = key;
        missing--;
      }
    }
    return keys;
  }

  /** Row encoders keep names and types of a schema, but not the metadata of its fields. */
  private static Dataset<Row> withMetadata(Dataset<Row> rows, StructType schema) {
    Column[] columns = new Column[schema.length()];
    for (int i = 0; i < columns.length; i++) {
      StructField field = schema.fields()[i];
      columns[i] =
          rows.col("`" + field.name().replace("`", "``") + "`").as(field.name(), field.metadata());
    }
    return rows.select(columns);
  }
}
