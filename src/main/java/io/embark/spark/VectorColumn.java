package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.VectorProvenance;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.Int8Calibration;
import io.embark.spark.column.OutputType;
import io.embark.vector.Int8Ranges;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Reads vectors back out of a column that Embark wrote, whatever type they are stored as. What is
 * needed to decode them stands in the column's metadata, which Parquet keeps.
 */
public final class VectorColumn implements Serializable {
  private static final long serialVersionUID = 1;

  /** Key, in a vector column's metadata, of what says how its vectors were made. */
  public static final String METADATA_KEY = VectorProvenance.KEY;

  private final int index;
  private final OutputType.Stored stored;

  private VectorColumn(int index, OutputType.Stored stored) {
    this.index = index;
    this.stored = stored;
  }

  /**
   * @throws UserError if there is no such column, or its metadata does not say that Embark wrote it
   */
  public static VectorColumn of(StructType schema, String column) {
    VectorProvenance made = ColumnProvenance.of(schema, column);
    return new VectorColumn(schema.fieldIndex(column), OutputType.Stored.of(made).orElseThrow());
  }

  /**
   * The ranges of int8 vectors, least and greatest values in turn, as {@link
   * TextEmbedder#setInt8Ranges} takes them.
   *
   * @return empty if one of the columns is not there or holds no int8 vectors
   */
  public static Optional<double[][]> int8Ranges(StructType schema, List<String> columns) {
    List<Int8Ranges> all =
        columns.stream()
            .filter(ColumnProvenance.columns(schema)::contains)
            .flatMap(column -> ColumnProvenance.of(schema, column).ranges().stream())
            .toList();
    return all.size() == columns.size()
        ? Optional.of(Int8Calibration.pairs(all))
        : Optional.empty();
  }

  /**
   * @throws UserError if there is no such column, or Embark did not write it
   */
  public static VectorProvenance provenance(StructType schema, String column) {
    return ColumnProvenance.of(schema, column);
  }

  /** The vector of a row {@code [dimension]}, or null if it has none. */
  public float[] read(Row row) {
    return row.isNullAt(index) ? null : stored.decode(row.get(index));
  }

  /** Values per vector. */
  public int dimension() {
    return stored.dimension();
  }
}
