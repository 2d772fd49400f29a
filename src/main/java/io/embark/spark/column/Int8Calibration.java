package io.embark.spark.column;

import io.embark.UserError;
import io.embark.spark.wire.Packed;
import io.embark.vector.Int8Ranges;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.util.GenericArrayData;

/** Finds the ranges of int8 vectors in a table of float vectors, in one distributed pass. */
public final class Int8Calibration {
  private Int8Calibration() {}

  /**
   * The ranges of each column of {@code array<float>}; rows without vectors are passed over.
   *
   * @throws UserError if no row has vectors
   */
  public static List<Int8Ranges> ranges(Dataset<Row> rows, List<String> vectorColumns) {
    Column[] columns = vectorColumns.stream().map(Columns::of).toArray(Column[]::new);
    int count = columns.length;
    return rows
        .select(columns)
        .toJavaRDD()
        .mapPartitions(partition -> ofPartition(partition, count))
        .map(Packed::of)
        .collect()
        .stream()
        .map(Packed::<Int8Ranges[]>read)
        .reduce(Int8Calibration::union)
        .map(Arrays::asList)
        .orElseThrow(
            () ->
                new UserError(
                    "No text to calibrate int8 vectors on: every text of the sample is null or"
                        + " blank."));
  }

  /** Least and greatest values in turn, as the param {@code int8Ranges} has them. */
  public static double[][] pairs(List<Int8Ranges> ranges) {
    return ranges.stream()
        .flatMap(of -> Stream.of(of.minAsDoubles(), of.maxAsDoubles()))
        .toArray(double[][]::new);
  }

  /** Nothing, or the ranges of the partition's vectors. */
  private static Iterator<Int8Ranges[]> ofPartition(Iterator<Row> rows, int columns) {
    Int8Ranges[] ranges = null;
    while (rows.hasNext()) {
      Row row = rows.next();
      if (!row.isNullAt(0)) {
        Int8Ranges[] ofRow = new Int8Ranges[columns];
        for (int c = 0; c < columns; c++) {
          ofRow[c] = Int8Ranges.ofFirst(new GenericArrayData(row.get(c)).toFloatArray());
        }
        ranges = ranges == null ? ofRow : union(ranges, ofRow);
      }
    }
    return Optional.ofNullable(ranges).stream().iterator();
  }

  private static Int8Ranges[] union(Int8Ranges[] a, Int8Ranges[] b) {
    Int8Ranges[] both = new Int8Ranges[a.length];
    Arrays.setAll(both, c -> a[c].union(b[c]));
    return both;
  }
}
