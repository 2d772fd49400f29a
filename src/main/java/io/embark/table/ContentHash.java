package io.embark.table;

import static org.apache.spark.sql.functions.*;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/**
 * Hashes of nested values by what is in them, the same in every JVM. Spark's own hash passes over
 * nulls and over the borders of nested values and refuses maps; text forms of a map follow the
 * order of its entries and, of binary keys, where they lie in memory.
 */
final class ContentHash {
  private ContentHash() {}

  /** Whether values of this type are made of others. */
  static boolean isNested(DataType type) {
    return type instanceof ArrayType
        || type instanceof MapType
        || type instanceof StructType
        || type instanceof UserDefinedType;
  }

  /**
   * A bigint that is never null: equal for equal values, also for maps whose entries stand in
   * another order. As in Spark's SQL, NaN equals NaN and 0.0 equals -0.0.
   */
  static Column of(Column value, DataType type) {
    if (type instanceof StructType struct) {
      return ofStruct(value, struct);
    }
    if (type instanceof ArrayType array) {
      return with(value, transform(value, element -> of(element, array.elementType())));
    }
    if (type instanceof MapType map) {
      Column entries =
          transform(
              map_entries(value),
              entry ->
                  xxhash64(
                      of(entry.getField("key"), map.keyType()),
                      of(entry.getField("value"), map.valueType())));
      return with(value, sort_array(entries));
    }
    // Only JSON sees into a type of somebody's own; its numbers are exact.
    return with(value, type instanceof UserDefinedType ? to_json(struct(value)) : value);
  }

  private static Column ofStruct(Column value, StructType type) {
    // Fields are named by number, for names may differ in case only, which Spark cannot tell apart.
    StructField[] numbered =
        IntStream.range(0, type.size())
            .mapToObj(
                i -> new StructField("f" + i, type.apply(i).dataType(), true, Metadata.empty()))
            .toArray(StructField[]::new);
    Column renamed = value.cast(new StructType(numbered));
    return with(
        value,
        IntStream.range(0, type.size())
            .mapToObj(i -> of(renamed.getField("f" + i), type.apply(i).dataType()))
            .toArray(Column[]::new));
  }

  /** Spark's hash passes over nulls, so that there is one is hashed too. */
  private static Column with(Column value, Column... parts) {
    return xxhash64(
        Stream.concat(Stream.of(isnull(value)), Stream.of(parts)).toArray(Column[]::new));
  }
}
