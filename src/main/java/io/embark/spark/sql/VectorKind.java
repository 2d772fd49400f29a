package io.embark.spark.sql;

import io.embark.UserError;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.UserDefinedType;

/** The column types that hold vectors. */
enum VectorKind {
  FLOATS,
  DOUBLES,
  MLLIB;

  /** All of them, for messages. */
  static final String NAMES = "array<float>, array<double> or MLlib's vector";

  private static final UserDefinedType<?> VECTOR = (UserDefinedType<?>) SQLDataTypes.VectorType();

  static Optional<VectorKind> of(DataType type) {
    return Arrays.stream(values()).filter(kind -> kind.is(type)).findFirst();
  }

  private boolean is(DataType type) {
    return switch (this) {
      case FLOATS -> type instanceof ArrayType array && array.elementType() instanceof FloatType;
      case DOUBLES -> type instanceof ArrayType array && array.elementType() instanceof DoubleType;
      // The older spark.mllib has a type of its own, of the same name and layout.
      case MLLIB -> type.typeName().equals(VECTOR.typeName());
    };
  }

  /** The vector of a column's value that is not null, as Spark holds it internally. */
  Vector read(Object value) {
    return switch (this) {
      case FLOATS -> {
        float[] floats = withoutNulls((ArrayData) value).toFloatArray();
        double[] doubles = new double[floats.length];
        Arrays.setAll(doubles, i -> floats[i]);
        yield Vectors.dense(doubles);
      }
      case DOUBLES -> Vectors.dense(withoutNulls((ArrayData) value).toDoubleArray());
      case MLLIB -> (Vector) VECTOR.deserialize(value);
    };
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
