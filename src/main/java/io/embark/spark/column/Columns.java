package io.embark.spark.column;

import io.embark.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.util.QuotingUtils;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

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
   * A name for a column of our own beside others: none of them begins with it, in whatever case, so
   * that it can also stand before their names.
   */
  public static String free(String wish, String... taken) {
    String name = wish;
    while (begins(name, taken)) {
      name += "_";
    }
    return name;
  }

  private static boolean begins(String name, String... taken) {
    return Stream.of(taken).anyMatch(t -> t.regionMatches(true, 0, name, 0, name.length()));
  }

  /**
   * The rows with a column of this name where it is not one of theirs but the path of a field in
   * their structs, as {@code body.text}; else the rows as they are.
   */
  public static Dataset<Row> withNested(Dataset<Row> rows, String path) {
    if (List.of(rows.columns()).contains(path)) {
      return rows;
    }
    List<Column> found = new ArrayList<>();
    for (StructField field : rows.schema().fields()) {
      nested(field, Columns.of(rows, field.name()), path, found);
    }
    return found.size() == 1 ? rows.withColumn(path, found.get(0)) : rows;
  }

  private static void nested(StructField field, Column at, String path, List<Column> found) {
    if (!path.startsWith(field.name() + ".") || !(field.dataType() instanceof StructType struct)) {
      return;
    }
    String rest = path.substring(field.name().length() + 1);
    for (StructField inner : struct.fields()) {
      Column column = at.getField(inner.name());
      if (inner.name().equals(rest)) {
        found.add(column);
      }
      nested(inner, column, rest, found);
    }
  }

  /**
   * @throws UserError if its name is taken
   */
  static void add(List<StructField> fields, StructField added, String by, String params) {
    for (StructField present : fields) {
      if (present.name().equalsIgnoreCase(added.name())) {
        throw new UserError(
            "There is a column '%s' already, which %s would add. Rename or drop it, or choose another name with %s."
                .formatted(present.name(), by, params));
      }
    }
    fields.add(added);
  }
}
