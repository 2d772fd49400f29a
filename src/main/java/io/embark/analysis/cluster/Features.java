package io.embark.analysis.cluster;

import io.embark.spark.VectorColumn;
import io.embark.spark.column.Columns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** MLlib vectors from a column of any type that Embark writes. */
public final class Features {
  /** The column of {@link #of}; MLlib's default. */
  public static final String COLUMN = "features";

  private Features() {}

  /**
   * A column {@link #COLUMN} of MLlib's vectors, and others beside it, without the rows whose
   * vector is null or all zeros: neither has a direction.
   */
  public static Dataset<Row> of(Dataset<Row> rows, String vectorCol, Column... beside) {
    List<Column> columns = new ArrayList<>();
    columns.add(column(rows, vectorCol).as(COLUMN));
    columns.addAll(List.of(beside));
    UDF1<Vector, Boolean> hasDirection = v -> v != null && v.numNonzeros() > 0;
    return rows.select(columns.toArray(Column[]::new))
        .where(functions.udf(hasDirection, DataTypes.BooleanType).apply(functions.col(COLUMN)));
  }

  /** A column of MLlib's vectors, null where there is none. */
  public static Column column(Dataset<Row> rows, String vectorCol) {
    VectorColumn vectors = reader(rows.schema(), vectorCol);
    UDF1<Row, Vector> decode =
        row -> {
          float[] vector = vectors.read(row);
          return vector == null ? null : dense(vector);
        };
    return functions.udf(decode, SQLDataTypes.VectorType()).apply(struct(vectorCol));
  }

  /** Reads {@link #struct} of the column. */
  static VectorColumn reader(StructType schema, String vectorCol) {
    VectorColumn.of(schema, vectorCol);
    return VectorColumn.of(new StructType(new StructField[] {schema.apply(vectorCol)}), vectorCol);
  }

  /** The column alone in a row, in which form a reader takes it, whatever its type. */
  static Column struct(String vectorCol) {
    return functions.struct(Columns.of(vectorCol));
  }

  static Vector dense(float[] vector) {
    double[] values = new double[vector.length];
    Arrays.setAll(values, i -> vector[i]);
    return Vectors.dense(values);
  }
}
