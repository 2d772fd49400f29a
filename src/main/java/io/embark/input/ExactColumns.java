package io.embark.input;

import static org.apache.spark.sql.functions.not;

import io.embark.UserError;
import io.embark.spark.column.Columns;
import java.util.Arrays;
import java.util.Set;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.FractionalType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Types of columns that were found by looking at values, where some columns may not lose a digit:
 * as doubles, large numbers become equal that are not, and 1.10 becomes 1.1. Such columns are
 * strings, as they stand in the file, unless all values are whole numbers that a type holds.
 */
final class ExactColumns {
  private static final String WHOLE_NUMBER = "^-?(0|[1-9][0-9]*)$";

  private ExactColumns() {}

  static StructType of(InputRelation relation, InputFormat format, Set<String> exact) {
    StructType inferred = relation.inferred();
    if (format.hasTypes()) {
      return inferred;
    }
    return new StructType(
        Arrays.stream(inferred.fields())
            .map(
                field ->
                    !exact.contains(field.name()) || keepsDigits(relation, format, inferred, field)
                        ? field
                        : string(field))
            .toArray(StructField[]::new));
  }

  private static boolean keepsDigits(
      InputRelation relation, InputFormat format, StructType all, StructField field) {
    DataType type = field.dataType();
    boolean whole =
        type instanceof IntegralType || type instanceof DecimalType decimal && decimal.scale() == 0;
    if (format == InputFormat.JSON) {
      // Its whole numbers have no zeros in front.
      return isWhole(type);
    }
    return type instanceof StringType || whole && areWholeNumbers(relation, all, field);
  }

  /** Whether no value of a type, or within one, can have lost something on its way out of JSON. */
  private static boolean isWhole(DataType type) {
    if (type instanceof StructType struct) {
      return Arrays.stream(struct.fields()).allMatch(field -> isWhole(field.dataType()));
    }
    if (type instanceof ArrayType array) {
      return isWhole(array.elementType());
    }
    return type instanceof DecimalType decimal
        ? decimal.scale() == 0
        : !(type instanceof FractionalType) && !isTime(type);
  }

  /** Refuses ids out of structs that readers may have rounded: two would be one. */
  static void requireWhole(String id, DataType ids, InputFormat format) {
    if (!format.hasTypes() && !isWhole(ids)) {
      throw new UserError(
          "id-col: field '%s' holds %s, in which long numbers lose digits; wanted whole numbers or strings, or the id in a column of its own."
              .formatted(id, ids.simpleString()));
    }
  }

  private static boolean isTime(DataType type) {
    return type.equals(DataTypes.DateType)
        || type.equals(DataTypes.TimestampType)
        || type.equals(DataTypes.TimestampNTZType);
  }

  /** Whether no value of a column looks otherwise than a number is written. */
  private static boolean areWholeNumbers(
      InputRelation relation, StructType all, StructField field) {
    StructType strings =
        new StructType(
            Arrays.stream(all.fields()).map(ExactColumns::string).toArray(StructField[]::new));
    return relation
        .rows(strings)
        .where(not(Columns.of(field.name()).rlike(WHOLE_NUMBER)))
        .isEmpty();
  }

  private static StructField string(StructField field) {
    return new StructField(field.name(), DataTypes.StringType, field.nullable(), field.metadata());
  }
}
