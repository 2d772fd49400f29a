package io.embark.input;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The type that holds every value of two types unchanged, where there is one. */
final class Widening {
  /** Narrow ones first, and the decimal digits that each takes. */
  private static final List<DataType> WHOLE =
      List.of(DataTypes.ByteType, DataTypes.ShortType, DataTypes.IntegerType, DataTypes.LongType);

  private static final int[] DIGITS = {3, 5, 10, 19};

  private Widening() {}

  /** Of columns: whole numbers, floating-point numbers, decimals, and structs by their fields. */
  static Optional<DataType> of(DataType a, DataType b) {
    if (a.sameType(b)) {
      return Optional.of(a);
    }
    int whole = Math.max(WHOLE.indexOf(a), WHOLE.indexOf(b));
    if (WHOLE.contains(a) && WHOLE.contains(b)) {
      return Optional.of(WHOLE.get(whole));
    }
    if (isFloating(a) && isFloating(b)) {
      return Optional.of(DataTypes.DoubleType);
    }
    if (a instanceof DecimalType x && b instanceof DecimalType y) {
      return decimal(x, y);
    }
    DataType other = WHOLE.contains(a) ? b : a;
    // Without digits behind the point, or the number would get another text: 1 and 1.00.
    if (whole >= 0 && other instanceof DecimalType decimal && decimal.scale() == 0) {
      return decimal(decimal, DataTypes.createDecimalType(DIGITS[whole], 0));
    }
    return nested(a, b);
  }

  private static boolean isFloating(DataType type) {
    return type.equals(DataTypes.FloatType) || type.equals(DataTypes.DoubleType);
  }

  private static Optional<DataType> decimal(DecimalType a, DecimalType b) {
    int scale = Math.max(a.scale(), b.scale());
    int digits = scale + Math.max(a.precision() - a.scale(), b.precision() - b.scale());
    return digits > DecimalType.MAX_PRECISION()
        ? Optional.empty()
        : Optional.of(DataTypes.createDecimalType(digits, scale));
  }

  /** What Spark's readers do by themselves: a field that one side lacks is null there. */
  private static Optional<DataType> nested(DataType a, DataType b) {
    if (a.sameType(b)) {
      return Optional.of(a);
    }
    if (a instanceof StructType x && b instanceof StructType y) {
      Map<String, StructField> fields = new LinkedHashMap<>();
      for (StructField field : x.fields()) {
        fields.put(field.name(), field);
      }
      for (StructField field : y.fields()) {
        StructField present = fields.get(field.name());
        Optional<DataType> type =
            present == null
                ? Optional.of(field.dataType())
                : nested(present.dataType(), field.dataType());
        if (type.isEmpty()) {
          return Optional.empty();
        }
        fields.put(field.name(), new StructField(field.name(), type.get(), true, field.metadata()));
      }
      return Optional.of(new StructType(fields.values().toArray(StructField[]::new)));
    }
    if (a instanceof ArrayType x && b instanceof ArrayType y) {
      return nested(x.elementType(), y.elementType()).map(e -> new ArrayType(e, true));
    }
    if (a instanceof MapType x && b instanceof MapType y && x.keyType().sameType(y.keyType())) {
      return nested(x.valueType(), y.valueType()).map(v -> new MapType(x.keyType(), v, true));
    }
    return Optional.empty();
  }
}
