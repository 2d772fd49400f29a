package io.embark.spark.column;

import io.embark.Choice;
import io.embark.embed.VectorProvenance;
import io.embark.vector.Half;
import io.embark.vector.Int8Ranges;
import io.embark.vector.SignBits;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** The form of vectors in their column. Bytes per value are before Parquet's own encoding. */
public enum OutputType implements Choice {
  /** MLlib's vector type, 8 bytes per value: what {@code KMeans} and other MLlib stages take. */
  VECTOR(
      SQLDataTypes.VectorType(),
      "MLlib, 8 bytes per value",
      "",
      (vector, ranges) -> dense(vector),
      (value, stored) -> floats(((Vector) value).toArray())),
  /** {@code array<float>}, 4 bytes per value: exact, read by every Parquet reader. */
  FLOAT(
      arrayOf(DataTypes.FloatType),
      "4",
      "",
      (vector, ranges) -> UnsafeArrayData.fromPrimitiveArray(vector),
      (value, stored) -> array(value).toFloatArray()),
  /** {@code array<smallint>}, 2 bytes per value: IEEE half precision, decoded by {@link Half}. */
  FLOAT16_BITS(
      arrayOf(DataTypes.ShortType),
      "2",
      OutputType.ROUNDED,
      (vector, ranges) -> UnsafeArrayData.fromPrimitiveArray(Half.encode(vector)),
      (value, stored) -> Half.decode(array(value).toShortArray())),
  /** {@code array<tinyint>}, 1 byte per value: steps of calibrated ranges, {@link Int8Ranges}. */
  INT8(
      arrayOf(DataTypes.ByteType),
      "1",
      OutputType.ROUNDED,
      (vector, ranges) -> UnsafeArrayData.fromPrimitiveArray(ranges.encode(vector)),
      (value, stored) -> stored.ranges().decode(array(value).toByteArray())),
  /** {@code binary}, 1 bit per value: signs, {@link SignBits}. */
  BINARY(
      DataTypes.BinaryType,
      "1 bit",
      "decoded to -1 and 1, so scores are of signs alone",
      (vector, ranges) -> SignBits.encode(vector),
      (value, stored) -> SignBits.decode((byte[]) value, stored.dimension()));

  private static final byte DENSE = 1;
  private static final String ROUNDED = "decoded, so scores carry its rounding";

  private final DataType dataType;
  private final String size;
  private final String loss;
  private final BiFunction<float[], Int8Ranges, Object> encode;
  private final BiFunction<Object, Stored, float[]> decode;

  OutputType(
      DataType dataType,
      String size,
      String loss,
      BiFunction<float[], Int8Ranges, Object> encode,
      BiFunction<Object, Stored, float[]> decode) {
    this.dataType = dataType;
    this.size = size;
    this.loss = loss;
    this.encode = encode;
    this.decode = decode;
  }

  private static DataType arrayOf(DataType element) {
    return DataTypes.createArrayType(element, false);
  }

  public DataType dataType() {
    return dataType;
  }

  /** The value of a row, as Spark holds it; ranges are read by {@link #INT8} only. */
  public Object value(float[] vector, Int8Ranges ranges) {
    return encode.apply(vector, ranges);
  }

  /** What decoding loses, in words; empty if values are stored as numbers that need none. */
  public String loss() {
    return loss;
  }

  /** Whether values are codes that mean nothing before they are decoded. */
  public boolean isEncoded() {
    return !loss.isEmpty();
  }

  private static InternalRow dense(float[] vector) {
    UnsafeArrayData values = UnsafeArrayData.createFreshArray(vector.length, Double.BYTES);
    for (int i = 0; i < vector.length; i++) {
      values.setDouble(i, vector[i]);
    }
    // As MLlib's VectorUDT lays out a dense vector: kind, then size and indices of sparse ones.
    return new GenericInternalRow(new Object[] {DENSE, null, null, values});
  }

  private static float[] floats(double[] doubles) {
    float[] vector = new float[doubles.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) doubles[i];
    }
    return vector;
  }

  private static ArrayData array(Object value) {
    if (value instanceof ArrayData array) {
      return array;
    }
    ArrayData array = new GenericArrayData(value);
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        // It would be read as 0.
        throw new IllegalStateException("Value %d of a stored vector is null.".formatted(i));
      }
    }
    return array;
  }

  /** Every label with the size of its values, for help texts. */
  public static String sizes() {
    return Arrays.stream(values())
        .map(type -> "%s (%s)".formatted(type.label(), type.size))
        .collect(Collectors.joining(", "));
  }

  /** Reads a type by its label; {@code float_array} is another name for {@code float}. */
  public static OutputType of(String text) {
    return text.strip().replace('-', '_').equalsIgnoreCase("float_array")
        ? FLOAT
        : Choice.of(OutputType.class, "output type", text);
  }

  /**
   * The form of one column's vectors, which is all that reading them needs; ranges are null except
   * for {@link #INT8}.
   */
  public record Stored(OutputType type, int dimension, Int8Ranges ranges) implements Serializable {

    /** As the provenance of a column says, if it does. */
    public static Optional<Stored> of(VectorProvenance made) {
      return made.type()
          .map(
              type ->
                  new Stored(OutputType.of(type), made.dimension(), made.ranges().orElse(null)));
    }

    /** The vector of a value, as Spark holds it or as a row gives it. */
    public float[] decode(Object value) {
      return type.decode.apply(value, this);
    }
  }
}
