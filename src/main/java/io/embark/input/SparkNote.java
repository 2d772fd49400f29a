package io.embark.input;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.execution.datasources.parquet.ParquetReadSupport;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;
import org.apache.spark.sql.types.YearMonthIntervalType;

/** The columns as Spark noted them in a footer: with types of its own, and with metadata. */
final class SparkNote {
  private SparkNote() {}

  /** By name; none if there is no note, or one that this version cannot read. */
  static Map<String, StructField> of(Map<String, String> footer) {
    Map<String, StructField> fields = new HashMap<>();
    String json = footer.get(ParquetReadSupport.SPARK_METADATA_KEY());
    if (json == null) {
      return fields;
    }
    try {
      for (StructField field : ((StructType) DataType.fromJson(json)).fields()) {
        fields.put(field.name(), field);
      }
    } catch (RuntimeException e) {
      // The file itself says what its columns are; a note of a later Spark is not needed.
      return Map.of();
    }
    return fields;
  }

  /** A column of the file, as noted if the note is one of such a column. */
  static StructField applied(StructField noted, StructField found) {
    boolean fits = noted != null && fits(noted.dataType(), found.dataType());
    return fits
        ? new StructField(found.name(), noted.dataType(), true, noted.metadata())
        : new StructField(found.name(), found.dataType(), true, found.metadata());
  }

  /** Whether Spark stores a type as another, or as itself. */
  private static boolean fits(DataType noted, DataType stored) {
    if (noted instanceof UserDefinedType<?> own) {
      return fits(own.sqlType(), stored);
    }
    if (noted instanceof DayTimeIntervalType) {
      return stored.equals(DataTypes.LongType);
    }
    if (noted instanceof YearMonthIntervalType) {
      return stored.equals(DataTypes.IntegerType);
    }
    if (noted instanceof StructType x && stored instanceof StructType y) {
      boolean fits = x.length() == y.length();
      for (int i = 0; fits && i < x.length(); i++) {
        fits =
            x.apply(i).name().equals(y.apply(i).name())
                && fits(x.apply(i).dataType(), y.apply(i).dataType());
      }
      return fits;
    }
    if (noted instanceof ArrayType x && stored instanceof ArrayType y) {
      return fits(x.elementType(), y.elementType());
    }
    if (noted instanceof MapType x && stored instanceof MapType y) {
      return fits(x.keyType(), y.keyType()) && fits(x.valueType(), y.valueType());
    }
    return noted.sameType(stored);
  }
}
