package io.embark.post;

import io.embark.UserError;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.sql.types.StructType;

/** The params for a column of vectors in and one out, and their check. */
final class VectorColumns {
  private VectorColumns() {}

  static Param<String> inputCol(Identifiable stage) {
    return new Param<>(stage.uid(), "inputCol", "column of vectors");
  }

  static Param<String> outputCol(Identifiable stage) {
    return new Param<>(stage.uid(), "outputCol", "column for the new vectors");
  }

  /**
   * Checks the columns of a stage.
   *
   * @throws UserError if the input is not a column of vectors, or the output's name is taken
   */
  static void check(StructType schema, String input, String output) {
    List<String> names = List.of(schema.fieldNames());
    if (!names.contains(input)) {
      throw new UserError(
          "No column '%s'; there are %s. Set inputCol to the column of vectors."
              .formatted(input, String.join(", ", names)));
    }
    if (!schema.apply(input).dataType().equals(SQLDataTypes.VectorType())) {
      throw new UserError(
          "Column '%s' holds %s; wanted are MLlib vectors (output type vector)."
              .formatted(input, schema.apply(input).dataType().simpleString()));
    }
    if (names.stream().anyMatch(output::equalsIgnoreCase)) {
      throw new UserError(
          "There is a column '%s' already. Set outputCol to another name.".formatted(output));
    }
  }
}
