package io.embark.spark.sql;

import io.embark.UserError;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;

/** The column types that hold vectors: how each is told, and how its values are read. */
enum VectorKind {
  FLOATS {
    @Override
    boolean is(DataType type) {
      return type instanceof ArrayType array && array.elementType() instanceof FloatType;
    }

    @Override
    VectorValues read(Object value) {
      float[] floats = withoutNulls((ArrayData) value).toFloatArray();
      double[] doubles = new double[floats.length];
      for (int i = 0; i < doubles.length; i++) {
        doubles[i] = floats[i];
      }
      return VectorValues.dense(doubles);
    }
  },
  DOUBLES {
    @Override
    boolean is(DataType type) {
      return type instanceof ArrayType array && array.elementType() instanceof DoubleType;
    }

    @Override
    VectorValues read(Object value) {
      return VectorValues.dense(withoutNulls((ArrayData) value).toDoubleArray());
    }
  },
  /** MLlib's vectors, dense and sparse, as their types lay them out in a row. */
  MLLIB {
    @Override
    boolean is(DataType type) {
      return type.typeName().equals("vector");
    }

    @Override
    VectorValues read(Object value) {
      InternalRow row = (InternalRow) value;
      double[] values = row.getArray(3).toDoubleArray();
      return row.getByte(0) == SPARSE
          ? new VectorValues(row.getInt(1), row.getArray(2).toIntArray(), values)
          : VectorValues.dense(values);
    }
  };

  /** All of them, for messages. */
  static final String NAMES = "array<float>, array<double> or MLlib's vector";

  private static final byte SPARSE = 0;

  abstract boolean is(DataType type);

  /** The values of a column's value that is not null, as Spark holds it internally. */
  abstract VectorValues read(Object value);

  static Optional<VectorKind> of(DataType type) {
    for (VectorKind kind : values()) {
      if (kind.is(type)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  private static ArrayData withoutNulls(ArrayData array) {
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw new UserError(
            "cosine_similarity: value %d of a vector is null (counted from 0).".formatted(i));
      }
    }
    return array;
  }
}
