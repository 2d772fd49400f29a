package io.embark.input;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.input_file_name;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.udf;

import io.embark.UserError;
import io.embark.spark.column.Columns;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A column that files have, and that names of directories {@code key=value} give them as well.
 *
 * @param column as the files have it
 * @param partitions the columns of directories
 */
record SharedColumns(StructField column, StructType partitions) {
  /** Options to read files without what directories say. */
  static final Map<String, String> ALONE = Map.of("recursiveFileLookup", "true");

  /** Hive's name of the directory of rows without a value. */
  private static final String NULL = "__HIVE_DEFAULT_PARTITION__";

  /** The columns of files that are columns of directories too. */
  static List<StructField> of(StructType files, StructType partitions) {
    return Stream.of(files.fields())
        .filter(field -> named(partitions, field.name()).isPresent())
        .toList();
  }

  /** A column of a schema by its name in any case. */
  static Optional<StructField> named(StructType schema, String name) {
    return Stream.of(schema.fields()).filter(f -> f.name().equalsIgnoreCase(name)).findFirst();
  }

  /**
   * Refuses files whose own column says something else than the directory they lie in.
   *
   * @param own rows of the files, without what directories say
   * @param nullIsMissing whether a null in a file may mean that the row says nothing
   */
  void requireSame(Dataset<Row> own, boolean nullIsMissing) {
    String key = named(partitions, column.name()).orElseThrow().name();
    UDF1<String, String> directory = file -> valueOf(file, key);
    Column said = udf(directory, DataTypes.StringType).apply(col("file"));
    if (!Cast.canCast(DataTypes.StringType, column.dataType())) {
      throw new UserError(
          ("input: column '%s' is %s in the files, and directories say what it is as well; text cannot"
                  + " say that. Read it without the columns of directories: --read-option"
                  + " recursiveFileLookup=true.")
              .formatted(column.name(), column.dataType().simpleString()));
    }
    String type = column.dataType().sql();
    Dataset<Row> values =
        own.select(Columns.of(own, column.name()).as("value"), input_file_name().as("file"))
            .withColumn("said", said)
            .withColumn("typed", expr("try_cast(said AS " + type + ")"));
    Column same = col("value").equalTo(col("typed"));
    Column bothNull = col("value").isNull().and(col("said").isNull());
    Column missing = nullIsMissing ? col("value").isNull() : bothNull;
    List<Row> different =
        values
            .where(not(coalesce(same, missing)))
            .select(col("file"), col("value").cast("string"), col("said"))
            .limit(1)
            .collectAsList();
    if (!different.isEmpty()) {
      Row row = different.get(0);
      throw new UserError(
          ("input: column '%s' of %s holds %s, and the file lies in a directory that says %s. Put the"
                  + " file where it belongs, or read it without the columns of directories:"
                  + " --read-option recursiveFileLookup=true.")
              .formatted(
                  column.name(), pathOf(row.getString(0)), quoted(row.get(1)), quoted(row.get(2))));
    }
  }

  private static String quoted(Object value) {
    return value == null ? "null" : "'" + value + "'";
  }

  private static Path pathOf(String file) {
    return new Path(URI.create(file));
  }

  /** What the directories above a file say of a key. */
  private static String valueOf(String file, String key) {
    for (Path at = pathOf(file).getParent(); at != null; at = at.getParent()) {
      String name = at.getName();
      int equals = name.indexOf('=');
      if (equals > 0
          && ExternalCatalogUtils.unescapePathName(name.substring(0, equals)).equals(key)) {
        String value = name.substring(equals + 1);
        return value.equals(NULL) ? null : ExternalCatalogUtils.unescapePathName(value);
      }
    }
    return null;
  }
}
