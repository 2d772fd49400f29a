package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.spark.column.Columns;
import io.embark.table.TableDirectory;
import java.io.IOException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A table of Apache Iceberg, which keeps its own snapshots. Others write it too, so each look at it
 * is a new one, past what the session's catalog remembers.
 *
 * @param parts of its name: catalog, namespaces, table
 */
record CatalogTable(SparkSession spark, List<String> parts) {
  /** A part of a name: in backticks, in which two stand for one, or without dots. */
  private static final Pattern PART = Pattern.compile("`((?:[^`]|``)+)`|([^`.]+)");

  private static final String RUNTIME = "org.apache.iceberg.spark.SparkCatalog";
  private static final String EXTENSIONS =
      "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions";

  /** Iceberg keeps no metadata of columns, so ours lie in a property of the table. */
  private static final String SCHEMA = "embark.schema";

  /** The number of no snapshot, that of a table without rows. */
  private static final long EMPTY = 0;

  private static final String SNAPSHOT = "current-snapshot-id";
  private static final String ISOLATION = "write.merge.isolation-level";
  private static final String SERIALIZABLE = "serializable";

  /**
   * A table by its name.
   *
   * @param name with its catalog: {@code lake.db.vectors}; a part with a dot or a backtick in it
   *     stands in backticks, other parts may
   */
  static CatalogTable of(SparkSession spark, String name) {
    List<String> parts = new ArrayList<>();
    Matcher part = PART.matcher(name);
    int end = -1;
    while (part.find(end + 1) && part.start() == end + 1) {
      parts.add(part.group(1) == null ? part.group(2) : part.group(1).replace("``", "`"));
      end = part.end();
      if (end == name.length() || name.charAt(end) != '.') {
        break;
      }
    }
    if (parts.size() < 3 || end != name.length()) {
      throw new UserError(
          "table: found '%s', wanted CATALOG.DATABASE.NAME; a part with a dot in it stands in backticks."
              .formatted(name));
    }
    return new CatalogTable(spark, List.copyOf(parts));
  }

  /** For people. */
  String name() {
    return String.join(".", parts);
  }

  /** For SQL, with quotes. */
  String sqlName() {
    return parts.stream().map(Columns::quoted).collect(Collectors.joining("."));
  }

  /** Refuses a session that cannot write Iceberg tables, with what is missing. */
  void requireRuntime() {
    try {
      Class.forName(RUNTIME, false, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException e) {
      throw new UserError(
          "table: %s needs Apache Iceberg, which is not on the class path. Add --spark --packages org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.1"
              .formatted(name()),
          e);
    }
    if (!spark.conf().get("spark.sql.extensions", "").contains(EXTENSIONS)) {
      throw new UserError(
          "table: MERGE INTO %s needs --spark --conf spark.sql.extensions=%s"
              .formatted(name(), EXTENSIONS));
    }
    String catalog = "spark.sql.catalog." + parts.get(0);
    if (spark.conf().get(catalog, null) == null) {
      throw new UserError(
          "table: the catalog of %s is not known; wanted --spark --conf %s=%s and where it is."
              .formatted(name(), catalog, RUNTIME));
    }
  }

  boolean exists() {
    return catalog().tableExists(identifier());
  }

  /** Runs a statement as it stands: a column may be called <code>${user.name}</code>. */
  Dataset<Row> sql(String statement) {
    SQLConf exact = spark.sessionState().conf().clone();
    exact.setConf(SQLConf.VARIABLE_SUBSTITUTE_ENABLED(), false);
    return Dataset.ofRows(spark, SQLConf.withExistingConf(exact, () -> parsed(statement)));
  }

  private LogicalPlan parsed(String statement) {
    try {
      return spark.sessionState().sqlParser().parsePlan(statement);
    } catch (ParseException e) {
      throw new IllegalStateException("not SQL: " + statement, e);
    }
  }

  private TableCatalog catalog() {
    return (TableCatalog) spark.sessionState().catalogManager().catalog(parts.get(0));
  }

  private Identifier identifier() {
    int last = parts.size() - 1;
    return Identifier.of(parts.subList(1, last).toArray(String[]::new), parts.get(last));
  }

  private Table load() {
    try {
      catalog().invalidateTable(identifier());
      return catalog().loadTable(identifier());
    } catch (NoSuchTableException e) {
      throw new UserError("table: " + name() + " does not exist.", e);
    }
  }

  void create(StructType schema) {
    List<String> types =
        Stream.of(schema.fields())
            .map(field -> "%s %s".formatted(Columns.quoted(field.name()), field.dataType().sql()))
            .toList();
    sql(
        "CREATE TABLE IF NOT EXISTS %s (%s) USING iceberg TBLPROPERTIES ('%s' = '%s')"
            .formatted(
                sqlName(),
                String.join(", ", types),
                SCHEMA,
                schema.json().replace("\\", "\\\\").replace("'", "\\'")));
  }

  /**
   * The columns that Embark wrote and the table still has, with their metadata; those that others
   * added are theirs.
   *
   * @throws UserError if Embark did not make the table, or others may commit unseen
   */
  StructType schema() {
    Table found = load();
    String written = found.properties().get(SCHEMA);
    if (written == null) {
      throw new UserError(
          "table: %s was not made by Embark: it has no property %s. Give a table that does not exist."
              .formatted(name(), SCHEMA));
    }
    String isolation = found.properties().getOrDefault(ISOLATION, SERIALIZABLE);
    if (!isolation.equals(SERIALIZABLE)) {
      throw new UserError(
          "table: %s has %s = %s; wanted %s, so that no row is written twice while others write too. Set it with ALTER TABLE %s SET TBLPROPERTIES ('%2$s' = '%4$s')."
              .formatted(name(), ISOLATION, isolation, SERIALIZABLE, sqlName()));
    }
    Map<String, DataType> present = types(found);
    return new StructType(
        Stream.of(((StructType) DataType.fromJson(written)).fields())
            .filter(field -> present.containsKey(field.name()))
            .toArray(StructField[]::new));
  }

  private static Map<String, DataType> types(Table found) {
    return Stream.of(found.columns()).collect(Collectors.toMap(Column::name, Column::dataType));
  }

  /**
   * Refuses a schema if somebody else gave the table one of its columns with another type. One with
   * the same type is taken over.
   */
  void requireRoom(StructType schema) {
    Set<String> own = Set.of(schema().fieldNames());
    Map<String, DataType> present = types(load());
    for (StructField field : schema.fields()) {
      DataType found = present.get(field.name());
      if (found != null && !own.contains(field.name()) && !found.sameType(field.dataType())) {
        throw new UserError(
            "evolve-schema: %s has a column %s already, which Embark did not write and is %s; the input's is %s. Rename one of them."
                .formatted(
                    name(), field.name(), found.simpleString(), field.dataType().simpleString()));
      }
    }
  }

  /** Gives the table the columns of a schema that it does not have yet, in one commit. */
  void evolve(StructType schema) {
    if (schema.equals(schema())) {
      return;
    }
    Map<String, DataType> present = types(load());
    List<TableChange> changes = new ArrayList<>();
    for (StructField field : schema.fields()) {
      if (!present.containsKey(field.name())) {
        changes.add(TableChange.addColumn(new String[] {field.name()}, field.dataType()));
      }
    }
    changes.add(TableChange.setProperty(SCHEMA, schema.json()));
    try {
      catalog().alterTable(identifier(), changes.toArray(TableChange[]::new));
    } catch (NoSuchTableException e) {
      throw new UserError("table: " + name() + " does not exist.", e);
    }
  }

  /** Its own directory, in which runs lock and stage. */
  TableDirectory directory() throws IOException {
    String location = load().properties().get("location");
    if (location == null) {
      throw new IOException("Table " + name() + " does not tell its location.");
    }
    return TableDirectory.at(new Path(location), spark.sparkContext().hadoopConfiguration());
  }

  /**
   * The number of its newest snapshot, {@link #EMPTY} if it has none. Not asked of the table {@code
   * refs}, which a session remembers where a part of the name has a dot.
   */
  long snapshot() {
    String id = load().properties().get(SNAPSHOT);
    if (id == null) {
      throw new IllegalStateException(
          "Iceberg tells no %s of %s; wanted a runtime that does, as 1.10.1."
              .formatted(SNAPSHOT, name()));
    }
    return id.equals("none") ? EMPTY : Long.parseLong(id);
  }

  /** Whether it still keeps a snapshot. */
  boolean keeps(long snapshot) {
    load();
    String id = "SELECT 1 FROM %s.snapshots WHERE snapshot_id = %d".formatted(sqlName(), snapshot);
    return snapshot == EMPTY || !sql(id).isEmpty();
  }

  /** Whether a Spark application has committed since a snapshot. */
  boolean isWrittenSince(long snapshot, String application) {
    load();
    List<Row> all =
        sql("SELECT snapshot_id, committed_at, summary['spark.app.id'] FROM %s.snapshots"
                .formatted(sqlName()))
            .collectAsList();
    Optional<Timestamp> then =
        all.stream()
            .filter(row -> row.getLong(0) == snapshot)
            .map(row -> row.getTimestamp(1))
            .findFirst();
    return all.stream()
        .filter(row -> row.getLong(0) != snapshot && application.equals(row.getString(2)))
        .anyMatch(row -> then.isEmpty() || !row.getTimestamp(1).before(then.get()));
  }

  /** The rows that a snapshot has, whoever commits meanwhile. */
  Dataset<Row> rows(long snapshot) {
    if (snapshot == EMPTY) {
      return spark.table(sqlName()).limit(0);
    }
    return spark.read().option("snapshot-id", snapshot).table(sqlName());
  }
}
