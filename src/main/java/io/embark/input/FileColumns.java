package io.embark.input;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What the footer of a Parquet or ORC file says of its columns.
 *
 * @param path of the file
 * @param rows how many it holds
 * @param schema the columns that Spark can read, as Spark reads them
 * @param unreadable the other columns, and in words why each cannot be read
 * @param empty columns of the schema that hold nothing but nulls; their type says nothing, as
 *     writers that find no value make one up
 */
public record FileColumns(
    String path, long rows, StructType schema, Map<String, String> unreadable, Set<String> empty)
    implements Serializable {

  /** Whether not a single value of a column is there. */
  boolean isEmpty(StructField field) {
    return rows == 0 || empty.contains(field.name());
  }

  /** Names those columns that Spark takes for one. */
  static void ambiguous(
      List<String> columns, boolean caseSensitive, Map<String, String> unreadable) {
    Map<String, String> names = new LinkedHashMap<>();
    for (String name : columns) {
      String before = names.putIfAbsent(caseSensitive ? name : name.toLowerCase(Locale.ROOT), name);
      if (before != null) {
        String reason =
            before.equals(name)
                ? "is there twice"
                : ("stands beside '%s', and Spark does not tell capitals apart unless"
                        + " spark.sql.caseSensitive=true is set (--spark --conf)")
                    .formatted(before);
        unreadable.put(name, reason);
        unreadable.putIfAbsent(before, reason.replace("'" + before + "'", "'" + name + "'"));
      }
    }
  }
}
