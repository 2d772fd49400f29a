package io.embark.spark;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** How a vector stands in its column. */
public enum OutputType {
  /** MLlib's vector type, 64 bits per value: what {@code KMeans} and other MLlib stages take. */
  VECTOR {
    @Override
    DataType dataType() {
      return SQLDataTypes.VectorType();
    }

    @Override
    Object value(float[] vector) {
      double[] values = new double[vector.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = vector[i];
      }
      return Vectors.dense(values);
    }
  },
  /** {@code array<float>}, 32 bits per value: half the size, read by every Parquet reader. */
  FLOAT_ARRAY {
    @Override
    DataType dataType() {
      return DataTypes.createArrayType(DataTypes.FloatType, false);
    }

    @Override
    Object value(float[] vector) {
      return vector;
    }
  };

  abstract DataType dataType();

  /** The value of a row, as Spark's row encoder takes it. */
  abstract Object value(float[] vector);

  /** The name used on the command line, in files and as a param, e.g. {@code float_array}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a type by its name in any case; {@code -} and {@code _} are the same.
   *
   * @throws IllegalArgumentException naming the known types
   */
  public static OutputType of(String text) {
    String name = text.strip().toUpperCase(Locale.ROOT).replace('-', '_');
    for (OutputType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "unknown output type '%s'; known are %s."
            .formatted(
                text,
                Arrays.stream(values()).map(OutputType::label).collect(Collectors.joining(", "))));
  }
}
