package io.embark.table;

import io.embark.UserError;
import io.embark.spark.column.Columns;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;
import org.apache.spark.storage.StorageLevel;
import scala.math.BigInt;

/**
 * How an input differs from a table: by id, by the SHA-256 of the text, and by the other columns of
 * the input. Both sides are hashed where they are read; the vectors are not read. Each side is
 * shuffled and sorted by id once: rows with the same id are put together, which shows whether ids
 * are unique, and the two sides are merged in that order.
 */
public final class Changes implements AutoCloseable {
  /** What became of an id. */
  public enum Kind {
    /** Not in the table yet. */
    NEW,
    /** The text is another. */
    CHANGED,
    /** The text is the same, another column is not: the vector stays. */
    UPDATED,
    /** The text is the same, but there is no vector of it because the model failed on it. */
    FAILED,
    /** In the table only. */
    GONE,
    /** No difference. */
    SAME
  }

  private static final Kind[] TO_EMBED = {Kind.NEW, Kind.CHANGED, Kind.FAILED};
  private static final String ID = "id";
  private static final String TEXT = "text";
  private static final String REST = "rest";
  private static final String FILE = "file";
  private static final String FAILED = "failed";
  private static final String KIND = "kind";
  private static final String ROWS = "rows";
  private static final String BAD = "bad";
  private static final int EXAMPLES = 5;

  /** JSON with nulls, and with times as exact as Spark has them. */
  private static final Map<String, String> WHOLE =
      Map.of(
          "ignoreNullFields", "false",
          "timestampFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
          "timestampNTZFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS");

  private static final long PART_BYTES = 16L << 20;

  private final Dataset<Row> diff;
  private final String idCol;
  private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
  private boolean unique = true;

  private Changes(Dataset<Row> diff, String idCol) {
    this.diff = diff.persist(StorageLevel.MEMORY_AND_DISK());
    this.idCol = idCol;
    for (Kind kind : Kind.values()) {
      counts.put(kind, 0L);
    }
    Column bad = functions.max(functions.col(BAD)).as(BAD);
    Column rows = functions.count(functions.lit(1)).as(ROWS);
    for (Row row : this.diff.groupBy(KIND).agg(rows, bad).collectAsList()) {
      counts.put(Kind.valueOf(row.getString(0)), row.getLong(1));
      unique &= !row.getBoolean(2);
    }
  }

  /**
   * Compares.
   *
   * @param table has every column of the input, and {@code file}
   * @param file tells, for a row of the table, the name of its file; null where there are no files
   * @param failed tells, for a row of the table, whether the model failed on it and it is to be
   *     tried again; null to leave such rows as they are
   * @throws UserError if ids are null or not unique, on either side
   */
  public static Changes between(
      Dataset<Row> input,
      Dataset<Row> table,
      Column file,
      Column failed,
      String idCol,
      String textCol) {
    StructType columns = input.schema();
    Dataset<Row> inputKeys =
        keys(input, columns, idCol, textCol, functions.lit(""), functions.lit(false));
    Dataset<Row> tableKeys =
        keys(
            table,
            columns,
            idCol,
            textCol,
            file == null ? functions.lit("") : file,
            failed == null ? functions.lit(false) : failed);
    int parts = parts(inputKeys, tableKeys);
    Dataset<Row> now = byId(inputKeys, parts);
    Dataset<Row> then = byId(tableKeys, parts);
    Column inNow = now.col(TEXT).isNotNull();
    Column inThen = then.col(TEXT).isNotNull();
    Column kind =
        functions
            .when(functions.not(inThen), Kind.NEW.name())
            .when(functions.not(inNow), Kind.GONE.name())
            .when(now.col(TEXT).notEqual(then.col(TEXT)), Kind.CHANGED.name())
            .when(then.col(FAILED), Kind.FAILED.name())
            .when(now.col(REST).notEqual(then.col(REST)), Kind.UPDATED.name())
            .otherwise(Kind.SAME.name());
    Column id = functions.coalesce(now.col(ID), then.col(ID));
    Column rows = functions.greatest(now.col(ROWS), then.col(ROWS));
    Changes changes =
        new Changes(
            now.join(then, now.col(ID).equalTo(then.col(ID)), "full_outer")
                .select(
                    id.as(ID),
                    then.col(FILE).as(FILE),
                    kind.as(KIND),
                    id.isNull().or(rows.gt(1)).as(BAD)),
            idCol);
    if (!changes.unique) {
      changes.close();
      requireUniqueIds(input, "the input", idCol);
      requireUniqueIds(table, "the table", idCol);
    }
    return changes;
  }

  /**
   * Into how many parts to shuffle: by size, from one a slot to what Spark would take. What is kept
   * in memory stays in as many parts, and Spark's own 200 cost seconds where rows are few.
   */
  private static int parts(Dataset<Row> now, Dataset<Row> then) {
    BigInt bytes = size(now).max(size(then));
    int slots = now.sparkSession().sparkContext().defaultParallelism();
    int most = Math.max(slots, now.sparkSession().sessionState().conf().numShufflePartitions());
    BigInt wanted = bytes.$div(BigInt.apply(PART_BYTES));
    return wanted.isValidInt() ? Math.max(slots, Math.min(most, wanted.toInt())) : most;
  }

  /** As Spark estimates it from the sizes of files. */
  private static BigInt size(Dataset<Row> rows) {
    return rows.queryExecution().optimizedPlan().stats().sizeInBytes();
  }

  /** One row for each id, and how many there are. */
  private static Dataset<Row> byId(Dataset<Row> keys, int parts) {
    List<Column> first = new ArrayList<>();
    for (String name : List.of(TEXT, REST, FILE, FAILED)) {
      first.add(functions.first(name).as(name));
    }
    // Shuffled before it is grouped: grouping and joining then find each partition as they need it.
    return keys.repartition(parts, functions.col(ID))
        .groupBy(ID)
        .agg(functions.count(functions.lit(1)).as(ROWS), first.toArray(Column[]::new));
  }

  /**
   * Refuses ids that do not tell rows apart.
   *
   * @throws UserError with examples
   */
  public static void requireUniqueIds(Dataset<Row> rows, String idCol) {
    requireUniqueIds(rows, "the input", idCol);
  }

  private static void requireUniqueIds(Dataset<Row> rows, String where, String idCol) {
    List<Row> bad =
        rows.groupBy(Columns.of(idCol).as(ID))
            .count()
            .where("count > 1 or id is null")
            .orderBy(functions.col(ID).isNotNull(), functions.col("count").desc())
            .limit(EXAMPLES)
            .collectAsList();
    if (!bad.isEmpty()) {
      String examples =
          bad.stream()
              .map(
                  row ->
                      row.isNullAt(0)
                          ? "null in %,d rows".formatted(row.getLong(1))
                          : "%s in %,d rows".formatted(row.get(0), row.getLong(1)))
              .collect(Collectors.joining(", "));
      throw new UserError(
          ("id-col: '%s' does not tell the rows of %s apart: %s%s. Incremental runs need an id that"
                  + " is unique and never null.")
              .formatted(idCol, where, examples, bad.size() == EXAMPLES ? " and maybe more" : ""));
    }
  }

  /**
   * Id, hashes, file, and whether the model failed. The hash of the text is never null, that of a
   * null text is empty.
   */
  private static Dataset<Row> keys(
      Dataset<Row> rows,
      StructType columns,
      String idCol,
      String textCol,
      Column file,
      Column failed) {
    Stream<Column> rest =
        Stream.of(columns.fields())
            .filter(f -> !f.name().equals(idCol) && !f.name().equals(textCol))
            .flatMap(Changes::told);
    Column text = Columns.of(textCol);
    return rows.select(
        Columns.of(idCol).as(ID),
        functions
            .coalesce(functions.unhex(functions.sha2(text, 256)), functions.lit(new byte[0]))
            .as(TEXT),
        // Seeded with a constant, for an input may have no other columns.
        functions
            .xxhash64(Stream.concat(Stream.of(functions.lit(1)), rest).toArray(Column[]::new))
            .as(REST),
        file.as(FILE),
        functions.coalesce(failed, functions.lit(false)).as(FAILED));
  }

  /**
   * A column as something whose hash tells all its values apart. Spark's hash passes over nulls and
   * over the borders of nested values: without more, a value that moves from one column to the next
   * changes nothing.
   */
  private static Stream<Column> told(StructField field) {
    Column column = Columns.of(field.name());
    DataType type = field.dataType();
    boolean nested =
        type instanceof ArrayType
            || type instanceof MapType
            || type instanceof StructType
            || type instanceof UserDefinedType;
    return nested
        ? Stream.of(functions.to_json(functions.struct(column), WHOLE))
        : Stream.of(functions.isnull(column), column);
  }

  public long count(Kind kind) {
    return counts.get(kind);
  }

  /** How many rows have a kind whose text goes to the model. */
  public long toEmbed() {
    return Stream.of(TO_EMBED).mapToLong(this::count).sum();
  }

  /** The rows of the input whose text goes to the model. */
  public Dataset<Row> rowsToEmbed(Dataset<Row> input) {
    return of(input, TO_EMBED);
  }

  /** Files of the table with a row of one of these kinds. */
  public List<String> files(Kind... kinds) {
    return diff
        .where(functions.col(KIND).isin(names(kinds)))
        .select(FILE)
        .distinct()
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .toList();
  }

  /** The rows, of input or table, whose id is of one of these kinds. */
  public Dataset<Row> of(Dataset<Row> rows, Kind... kinds) {
    return join(rows, "left_semi", kinds);
  }

  /** The rows, of input or table, whose id is of none of these kinds. */
  public Dataset<Row> notOf(Dataset<Row> rows, Kind... kinds) {
    return join(rows, "left_anti", kinds);
  }

  private Dataset<Row> join(Dataset<Row> rows, String how, Kind... kinds) {
    Dataset<Row> ids =
        diff.where(functions.col(KIND).isin(names(kinds)))
            .select(functions.col(ID).as("embark_id"));
    // By name, and not by Dataset: both sides come from the same input.
    return rows.join(ids, Columns.of(idCol).equalTo(functions.col("embark_id")), how);
  }

  private static Object[] names(Kind... kinds) {
    return Stream.of(kinds).map(Kind::name).toArray();
  }

  /** In a few words, for people. */
  public String inWords() {
    String failed =
        count(Kind.FAILED) == 0 ? "" : "%,d failed before, ".formatted(count(Kind.FAILED));
    return "%,d new, %,d changed, %s%,d with the same text but other columns changed, %,d gone, %,d as they were"
        .formatted(
            count(Kind.NEW),
            count(Kind.CHANGED),
            failed,
            count(Kind.UPDATED),
            count(Kind.GONE),
            count(Kind.SAME));
  }

  /** The counts by kind. */
  public Map<Kind, Long> counts() {
    return Map.copyOf(counts);
  }

  /** Lets go of what was kept in memory and on disks. */
  @Override
  public void close() {
    diff.unpersist();
  }

  /** The columns of {@code schema} with their metadata, in its order. */
  public static Dataset<Row> as(StructType schema, Dataset<Row> rows) {
    Column[] columns =
        Stream.of(schema.fields())
            .map((StructField f) -> Columns.of(rows, f.name()).as(f.name(), f.metadata()))
            .toArray(Column[]::new);
    return rows.select(columns);
  }
}
