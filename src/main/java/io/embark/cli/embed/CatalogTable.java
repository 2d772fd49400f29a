package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.spark.column.Columns;
import io.embark.table.TableDirectory;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A table of Apache Iceberg, which keeps its own snapshots.
 *
 * @param name as in SQL, with its catalog: {@code lake.db.vectors}
 */
record CatalogTable(SparkSession spark, String name) {
  private static final String RUNTIME = "org.apache.iceberg.spark.SparkCatalog";
  private static final String EXTENSIONS =
      "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions";

  /** Iceberg keeps no metadata of columns, so ours lie in a property of the table. */
  private static final String SCHEMA = "embark.schema";

  /** Refuses a session that cannot write Iceberg tables, with what is missing. */
  void requireRuntime() {
    try {
      Class.forName(RUNTIME, false, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException e) {
      throw new UserError(
          "table: %s needs Apache Iceberg, which is not on the class path. Add --spark --packages org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.1"
              .formatted(name),
          e);
    }
    if (!spark.conf().get("spark.sql.extensions", "").contains(EXTENSIONS)) {
      throw new UserError(
          "table: MERGE INTO %s needs --spark --conf spark.sql.extensions=%s"
              .formatted(name, EXTENSIONS));
    }
    String catalog = name.split("\\.")[0];
    if (!name.contains(".") || spark.conf().get("spark.sql.catalog." + catalog, null) == null) {
      throw new UserError(
          "table: found '%s', wanted CATALOG.DATABASE.NAME with spark.sql.catalog.%s set."
              .formatted(name, catalog));
    }
  }

  boolean exists() {
    return spark.catalog().tableExists(name);
  }

  void create(StructType schema) {
    List<String> types =
        Stream.of(schema.fields())
            .map(field -> "%s %s".formatted(Columns.quoted(field.name()), field.dataType().sql()))
            .toList();
    spark.sql(
        "CREATE TABLE %s (%s) USING iceberg TBLPROPERTIES ('%s' = '%s')"
            .formatted(
                name,
                String.join(", ", types),
                SCHEMA,
                schema.json().replace("\\", "\\\\").replace("'", "\\'")));
  }

  /** The schema of its rows with their metadata, which only a table made by Embark has. */
  StructType schema() {
    return property(SCHEMA)
        .map(json -> (StructType) DataType.fromJson(json))
        .orElseThrow(
            () ->
                new UserError(
                    "table: %s was not made by Embark: it has no property %s. Give a table that does not exist."
                        .formatted(name, SCHEMA)));
  }

  /** Asked of the catalog: SQL blacks out properties in which something looks like a secret. */
  private Optional<String> property(String key) {
    String[] parts = name.split("\\.");
    int last = parts.length - 1;
    TableCatalog catalog = (TableCatalog) spark.sessionState().catalogManager().catalog(parts[0]);
    Identifier table = Identifier.of(Arrays.copyOfRange(parts, 1, last), parts[last]);
    try {
      return Optional.ofNullable(catalog.loadTable(table).properties().get(key));
    } catch (NoSuchTableException e) {
      throw new UserError("table: " + name + " does not exist.", e);
    }
  }

  /** Its own directory, in which runs lock and stage. */
  TableDirectory directory() throws IOException {
    String location =
        property("location")
            .orElseThrow(() -> new IOException("Table " + name + " does not tell its location."));
    return TableDirectory.at(new Path(location), spark.sparkContext().hadoopConfiguration());
  }

  /** The number of its current snapshot, 0 if it has none. */
  long snapshot() {
    String refs = "SELECT snapshot_id FROM %s.refs WHERE name = 'main'".formatted(name);
    List<Row> last = spark.sql(refs).collectAsList();
    return last.isEmpty() ? 0 : last.get(0).getLong(0);
  }

  Dataset<Row> rows() {
    return spark.table(name);
  }

  /** What {@link #merge} does with a row of its source. */
  enum Change {
    /** Insert the row, or replace the one with its id. */
    PUT,
    /** Replace the columns of the input only. */
    UPDATE,
    DELETE
  }

  /**
   * Changes the table in one commit.
   *
   * @param source the table's columns and the change; each id once
   * @param change the name of the column that holds a {@link Change}
   */
  void merge(Dataset<Row> source, String change, String idCol, List<String> inputColumns) {
    String view = "embark_" + UUID.randomUUID().toString().replace('-', '_');
    source.createOrReplaceTempView(view);
    try {
      List<String> columns = Stream.of(schema().fields()).map(StructField::name).toList();
      spark.sql(
          ("MERGE INTO %s t USING %s s ON t.%3$s = s.%3$s"
                  + " WHEN MATCHED AND s.%4$s = 'DELETE' THEN DELETE"
                  + " WHEN MATCHED AND s.%4$s = 'UPDATE' THEN UPDATE SET %5$s"
                  + " WHEN MATCHED THEN UPDATE SET %6$s"
                  + " WHEN NOT MATCHED THEN INSERT (%7$s) VALUES (%8$s)")
              .formatted(
                  name,
                  view,
                  Columns.quoted(idCol),
                  Columns.quoted(change),
                  join(inputColumns, "t.%1$s = s.%1$s"),
                  join(columns, "t.%1$s = s.%1$s"),
                  join(columns, "%s"),
                  join(columns, "s.%s")));
    } finally {
      spark.catalog().dropTempView(view);
    }
  }

  private static String join(List<String> columns, String form) {
    return columns.stream()
        .map(c -> form.formatted(Columns.quoted(c)))
        .collect(Collectors.joining(", "));
  }
}
