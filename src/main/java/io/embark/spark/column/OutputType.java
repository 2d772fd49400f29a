package io.embark.spark.column;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.vector.Half;
import io.embark.vector.Int8Ranges;
import io.embark.vector.SignBits;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** How a vector stands in its column. Bytes per value are before Parquet's own encoding. */
public enum OutputType implements Choice {
  /** MLlib's vector type, 8 bytes per value: what {@code KMeans} and other MLlib stages take. */
  VECTOR(SQLDataTypes.VectorType()) {
    @Override
    public Object value(float[] vector, Int8Ranges ranges) {
      UnsafeArrayData values = UnsafeArrayData.createFreshArray(vector.length, Double.BYTES);
      for (int i = 0; i < vector.length; i++) {
        values.setDouble(i, vector[i]);
      }
      // As MLlib's VectorUDT lays out a dense vector: kind, then size and indices of sparse ones.
      return new GenericInternalRow(new Object[] {DENSE, null, null, values});
    }
  },
  /** {@code array<float>}, 4 bytes per value: exact, read by every Parquet reader. */
  FLOAT(DataTypes.createArrayType(DataTypes.FloatType, false)) {
    @Override
    public Object value(float[] vector, Int8Ranges ranges) {
      return UnsafeArrayData.fromPrimitiveArray(vector);
    }
  },
  /** {@code array<smallint>}, 2 bytes per value: IEEE half precision, decoded by {@link Half}. */
  FLOAT16_BITS(DataTypes.createArrayType(DataTypes.ShortType, false)) {
    @Override
    public Object value(float[] vector, Int8Ranges ranges) {
      return UnsafeArrayData.fromPrimitiveArray(Half.encode(vector));
    }
  },
  /** {@code array<tinyint>}, 1 byte per value: steps of calibrated ranges, {@link Int8Ranges}. */
  INT8(DataTypes.createArrayType(DataTypes.ByteType, false)) {
    @Override
    public Object value(float[] vector, Int8Ranges ranges) {
      return UnsafeArrayData.fromPrimitiveArray(ranges.encode(vector));
    }
  },
  /** {@code binary}, 1 bit per value: signs, {@link SignBits}. */
  BINARY(DataTypes.BinaryType) {
    @Override
    public Object value(float[] vector, Int8Ranges ranges) {
      return SignBits.encode(vector);
    }
  };

  private static final byte DENSE = 1;

  private final DataType dataType;

  OutputType(DataType dataType) {
    this.dataType = dataType;
  }

  public DataType dataType() {
    return dataType;
  }

  /**
   * The value of a row, as Spark holds it.
   *
   * @param ranges of the column's dimensions; read by {@link #INT8} only
   */
  public abstract Object value(float[] vector, Int8Ranges ranges);

  /**
   * Reads a type by its name in any case; {@code -} and {@code _} are the same, and {@code
   * float_array} is another name for {@code float}.
   *
   * @throws UserError naming the known types
   */
  public static OutputType of(String text) {
    return text.strip().equalsIgnoreCase("float_array")
        ? FLOAT
        : Choice.of(OutputType.class, "output type", text);
  }
}
