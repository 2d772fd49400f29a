package io.embark.cli.embed;

import io.embark.spark.column.Columns;
import io.embark.table.Changes;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** Each text once on the way to the model, and its vector to every row that has it afterwards. */
record GlobalDedupe(String textCol) {
  private static final String KEY = "embark_text";

  /** The texts of some rows, each once, null too if there is one. */
  Dataset<Row> texts(Dataset<Row> rows) {
    return rows.select(Columns.of(rows, textCol)).distinct();
  }

  /**
   * @param embedded each text once, and what embedding adds
   * @param schema of the result
   */
  Dataset<Row> join(Dataset<Row> rows, Dataset<Row> embedded, StructType schema) {
    Dataset<Row> byText = embedded.withColumnRenamed(textCol, KEY);
    return Changes.as(
        schema, rows.join(byText, Columns.of(rows, textCol).eqNullSafe(byText.col(KEY))));
  }
}
