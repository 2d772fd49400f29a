package io.embark.spark.column;

import io.embark.UserError;
import io.embark.embed.VectorProvenance;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Reads and writes the {@link VectorProvenance} in the metadata of Spark's columns. */
public final class ColumnProvenance {
  private ColumnProvenance() {}

  /** What made the vectors of a column, if its metadata say so. */
  public static Optional<VectorProvenance> of(Metadata column) {
    return column.contains(VectorProvenance.KEY)
        ? Optional.of(VectorProvenance.parse(column.getMetadata(VectorProvenance.KEY).json()))
        : Optional.empty();
  }

  /**
   * @throws UserError if there is no such column, or its metadata do not say
   */
  public static VectorProvenance of(StructType schema, String column) {
    if (!List.of(schema.fieldNames()).contains(column)) {
      throw new UserError(
          "No column '%s'; there are %s."
              .formatted(column, String.join(", ", schema.fieldNames())));
    }
    StructField field = schema.apply(column);
    return of(field.metadata())
        .orElseThrow(
            () ->
                new UserError(
                    "Column '%s' (%s) has no metadata of Embark's that says how to read its vectors."
                        .formatted(column, field.dataType().simpleString())));
  }

  /** The columns that say what made their vectors, in their order. */
  public static List<String> columns(StructType schema) {
    return Arrays.stream(schema.fields())
        .filter(field -> field.metadata().contains(VectorProvenance.KEY))
        .map(StructField::name)
        .toList();
  }

  /** The metadata of a column with what made its vectors. */
  public static Metadata with(Metadata column, VectorProvenance made) {
    return new MetadataBuilder()
        .withMetadata(column)
        .putMetadata(VectorProvenance.KEY, Metadata.fromJson(made.json()))
        .build();
  }

  /** A column with a change to what made its vectors; the column itself if it does not say. */
  public static StructField changed(StructField field, UnaryOperator<VectorProvenance> change) {
    return of(field.metadata())
        .map(made -> with(field, with(field.metadata(), change.apply(made))))
        .orElse(field);
  }

  static StructField with(StructField field, Metadata metadata) {
    return new StructField(field.name(), field.dataType(), field.nullable(), metadata);
  }

  /** {@link #changed} of every column. */
  public static StructType changed(StructType schema, UnaryOperator<VectorProvenance> change) {
    return new StructType(
        Arrays.stream(schema.fields())
            .map(field -> changed(field, change))
            .toArray(StructField[]::new));
  }

  /** {@link VectorProvenance#incomparable}; empty if one side does not say how it was made. */
  public static Optional<String> incomparable(Metadata left, Metadata right, String sides) {
    return of(left).flatMap(made -> of(right).flatMap(other -> made.incomparable(other, sides)));
  }

  /**
   * Refuses two columns whose vectors cannot be compared. One that does not say how it was made is
   * let pass.
   *
   * @throws UserError with both sides, field by field
   */
  public static void requireComparable(StructField left, StructField right) {
    incomparable(left.metadata(), right.metadata(), "left and right")
        .ifPresent(
            differences -> {
              throw new UserError(
                  "Columns '%s' and '%s' hold vectors that were made differently (%s"
                      .formatted(left.name(), right.name(), differences));
            });
  }
}
