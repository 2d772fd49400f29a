package io.embark.spark;

import io.embark.UserError;
import io.embark.spark.column.EmbeddingColumns;
import io.embark.spark.column.OutputType;
import io.embark.vector.Half;
import io.embark.vector.Int8Ranges;
import io.embark.vector.SignBits;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Reads vectors back out of a column that Embark wrote, whatever type they are stored as. What is
 * needed to decode them stands in the column's metadata, which Parquet keeps.
 */
public final class VectorColumn implements Serializable {
  private static final long serialVersionUID = 1;

  /** Key, in a vector column's metadata, of what says how its vectors were made. */
  public static final String METADATA_KEY = EmbeddingColumns.METADATA_KEY;

  private final int index;
  private final OutputType type;
  private final int dimension;
  private final Int8Ranges ranges;

  private VectorColumn(int index, OutputType type, int dimension, Int8Ranges ranges) {
    this.index = index;
    this.type = type;
    this.dimension = dimension;
    this.ranges = ranges;
  }

  /**
   * Prepares to read a column.
   *
   * @throws UserError if there is no such column, or its metadata does not say that Embark wrote it
   */
  public static VectorColumn of(StructType schema, String column) {
    if (!List.of(schema.fieldNames()).contains(column)) {
      throw new UserError(
          "No column '%s'; there are %s."
              .formatted(column, String.join(", ", schema.fieldNames())));
    }
    StructField field = schema.apply(column);
    if (!field.metadata().contains(EmbeddingColumns.METADATA_KEY)) {
      throw new UserError(
          "Column '%s' (%s) has no metadata of Embark's that says how to read its vectors."
              .formatted(column, field.dataType().simpleString()));
    }
    Metadata made = field.metadata().getMetadata(EmbeddingColumns.METADATA_KEY);
    OutputType type = OutputType.of(made.getString("type"));
    return new VectorColumn(
        schema.fieldIndex(column),
        type,
        (int) made.getLong("dimension"),
        type == OutputType.INT8
            ? Int8Ranges.ofDoubles(made.getDoubleArray("int8Min"), made.getDoubleArray("int8Max"))
            : null);
  }

  /**
   * The ranges of int8 vectors, least and greatest values in turn, as {@link
   * TextEmbedder#setInt8Ranges} takes them.
   *
   * @return empty if one of the columns is not there or holds no int8 vectors
   */
  public static Optional<double[][]> int8Ranges(StructType schema, List<String> columns) {
    List<double[]> ranges = new ArrayList<>();
    for (String column : columns) {
      if (!List.of(schema.fieldNames()).contains(column)
          || !schema.apply(column).metadata().contains(METADATA_KEY)) {
        return Optional.empty();
      }
      Metadata made = schema.apply(column).metadata().getMetadata(METADATA_KEY);
      if (!made.contains("int8Min")) {
        return Optional.empty();
      }
      ranges.add(made.getDoubleArray("int8Min"));
      ranges.add(made.getDoubleArray("int8Max"));
    }
    return Optional.of(ranges.toArray(double[][]::new));
  }

  /** The vector of a row {@code [dimension]}, or null if it has none. */
  public float[] read(Row row) {
    if (row.isNullAt(index)) {
      return null;
    }
    return switch (type) {
      case VECTOR -> floats(((Vector) row.get(index)).toArray());
      case FLOAT -> floats(row.<Float>getList(index));
      case FLOAT16_BITS -> {
        List<Short> bits = row.getList(index);
        short[] halves = new short[bits.size()];
        for (int i = 0; i < halves.length; i++) {
          halves[i] = bits.get(i);
        }
        yield Half.decode(halves);
      }
      case INT8 -> {
        List<Byte> steps = row.getList(index);
        byte[] bytes = new byte[steps.size()];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = steps.get(i);
        }
        yield ranges.decode(bytes);
      }
      case BINARY -> SignBits.decode((byte[]) row.get(index), dimension);
    };
  }

  /** Values per vector. */
  public int dimension() {
    return dimension;
  }

  private static float[] floats(double[] doubles) {
    float[] floats = new float[doubles.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) doubles[i];
    }
    return floats;
  }

  private static float[] floats(List<Float> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }
}
