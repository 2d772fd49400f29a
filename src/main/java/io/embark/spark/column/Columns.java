package io.embark.spark.column;

import io.embark.UserError;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.catalyst.util.QuotingUtils;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;

/** Columns by their exact names: dots and backticks in a name mean nothing to Spark. */
public final class Columns {
  private Columns() {}

  /** The name as an identifier of SQL. */
  public static String quoted(String name) {
    return QuotingUtils.quoteIdentifier(name);
  }

  public static Column of(String name) {
    return functions.col(quoted(name));
  }

  /** A column of these rows, also where others have one of the same name. */
  public static Column of(Dataset<?> rows, String name) {
    return rows.col(quoted(name));
  }

  /**
   * @throws UserError if its name is taken
   */
  static void add(List<StructField> fields, StructField added, String by, String params) {
    for (StructField present : fields) {
      if (present.name().equalsIgnoreCase(added.name())) {
        throw new UserError(
            "There is a column '%s' already, which %s would add. Rename or drop it, or set %s."
                .formatted(present.name(), by, params));
      }
    }
    fields.add(added);
  }
}
