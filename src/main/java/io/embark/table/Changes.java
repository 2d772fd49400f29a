package io.embark.table;

import static org.apache.spark.sql.functions.*;

import io.embark.UserError;
import io.embark.spark.column.Columns;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * The differences between an input and a table: by id, by the SHA-256 of the text, and by the other
 * columns of the input. Both sides are hashed where they are read; the vectors are not read. Each
 * side is shuffled and sorted by id once: rows with the same id are put together, which shows
 * whether ids are unique, and the two sides are merged in that order.
 */
public final class Changes implements AutoCloseable {
  /** The difference between the rows with one id. */
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
  private static final String KIND = "kind";
  private static final String NOT_UNIQUE = "not_unique";
  private static final int EXAMPLES = 5;

  private final Dataset<Row> diff;
  private final String idCol;
  private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
  private boolean unique = true;

  private Changes(Dataset<Row> diff, String idCol) {
    this.diff = diff.persist(StorageLevel.MEMORY_AND_DISK());
    this.idCol = idCol;
    Column notUnique = max(col(NOT_UNIQUE));
    for (Row row :
        this.diff.groupBy(KIND).agg(functions.count(lit(1)), notUnique).collectAsList()) {
      counts.put(Kind.valueOf(row.getString(0)), row.getLong(1));
      unique &= !row.getBoolean(2);
    }
  }

  /**
   * Compares an input with a table.
   *
   * @param table has every column of the input
   * @param file the name of the file of a row of the table
   * @param failed whether the model failed on a row of the table and it is to be tried again; null
   *     to leave such rows as they are
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
    Dataset<Row> inputHashes = RowHashes.of(input, columns, idCol, textCol, lit(""), lit(false));
    Dataset<Row> tableHashes =
        RowHashes.of(table, columns, idCol, textCol, file, failed == null ? lit(false) : failed);
    int partitions = RowHashes.partitions(inputHashes, tableHashes);
    Changes changes =
        new Changes(
            difference(
                RowHashes.byId(inputHashes, partitions), RowHashes.byId(tableHashes, partitions)),
            idCol);
    if (!changes.unique) {
      changes.close();
      requireUniqueIds(input, "the input", idCol);
      requireUniqueIds(table, "the table", idCol);
    }
    return changes;
  }

  private static Dataset<Row> difference(Dataset<Row> now, Dataset<Row> then) {
    Column nowText = now.col(RowHashes.TEXT);
    Column thenText = then.col(RowHashes.TEXT);
    Column kind =
        when(thenText.isNull(), Kind.NEW.name())
            .when(nowText.isNull(), Kind.GONE.name())
            .when(nowText.notEqual(thenText), Kind.CHANGED.name())
            .when(then.col(RowHashes.FAILED), Kind.FAILED.name())
            .when(now.col(RowHashes.REST).notEqual(then.col(RowHashes.REST)), Kind.UPDATED.name())
            .otherwise(Kind.SAME.name());
    Column id = coalesce(now.col(RowHashes.ID), then.col(RowHashes.ID));
    Column rows = greatest(now.col(RowHashes.ROWS), then.col(RowHashes.ROWS));
    return now.join(then, now.col(RowHashes.ID).equalTo(then.col(RowHashes.ID)), "full_outer")
        .select(
            id.as(RowHashes.ID),
            then.col(RowHashes.FILE).as(RowHashes.FILE),
            kind.as(KIND),
            // Of rows that are as they were nobody asks, and most are.
            when(kind.notEqual(Kind.SAME.name()), thenText).as(RowHashes.TEXT),
            id.isNull().or(rows.gt(1)).as(NOT_UNIQUE));
  }

  /**
   * Refuses ids that do not tell rows apart.
   *
   * @throws UserError with examples
   */
  public static void requireUniqueIds(Dataset<Row> rows, String where, String idCol) {
    List<Row> bad =
        rows.groupBy(Columns.of(idCol).as(RowHashes.ID))
            .count()
            .where("count > 1 or id is null")
            .orderBy(col(RowHashes.ID).isNotNull(), col("count").desc())
            .limit(EXAMPLES)
            .collectAsList();
    if (!bad.isEmpty()) {
      String examples =
          bad.stream()
              .map(row -> "%s in %,d rows".formatted(row.get(0), row.getLong(1)))
              .collect(Collectors.joining(", "));
      throw new UserError(
          ("id-col: '%s' does not tell the rows of %s apart: %s%s. Incremental runs need an id that"
                  + " is unique and never null.")
              .formatted(idCol, where, examples, bad.size() == EXAMPLES ? " and maybe more" : ""));
    }
  }

  public long count(Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  /** Rows whose text goes to the model. */
  public long toEmbed() {
    return Stream.of(TO_EMBED).mapToLong(this::count).sum();
  }

  /** The rows of the input whose text goes to the model. */
  public Dataset<Row> rowsToEmbed(Dataset<Row> input) {
    return of(input, TO_EMBED);
  }

  /** Files of the table with a row of one of these kinds. */
  public List<String> files(Kind... kinds) {
    return diffOf(kinds).select(RowHashes.FILE).distinct().collectAsList().stream()
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
    String joined = Columns.free("id", rows.columns());
    Dataset<Row> ids = diffOf(kinds).select(col(RowHashes.ID).as(joined));
    // By name, and not by Dataset: both sides come from the same input.
    return rows.join(ids, Columns.of(idCol).equalTo(Columns.of(joined)), how);
  }

  /**
   * What differs: {@code id}, {@code kind} and {@code text}, the hash of the text that the table
   * had when it was compared, see {@link #textHash}; null for new rows.
   */
  public Dataset<Row> differences(Kind... kinds) {
    return diffOf(kinds).select(RowHashes.ID, KIND, RowHashes.TEXT);
  }

  /** The hash of a text by which rows are compared; never null. */
  public static Column textHash(Column text) {
    return RowHashes.ofText(text);
  }

  private Dataset<Row> diffOf(Kind... kinds) {
    return diff.where(col(KIND).isin(Stream.of(kinds).map(Kind::name).toArray()));
  }

  public String inWords() {
    long failed = count(Kind.FAILED);
    return "%,d new, %,d changed, %s%,d with the same text but other columns changed, %,d gone, %,d as they were"
        .formatted(
            count(Kind.NEW),
            count(Kind.CHANGED),
            failed == 0 ? "" : "%,d failed before, ".formatted(failed),
            count(Kind.UPDATED),
            count(Kind.GONE),
            count(Kind.SAME));
  }

  /** Releases what was kept in memory and on disks. */
  @Override
  public void close() {
    diff.unpersist();
  }

  /** The columns of {@code schema} with their metadata, in its order. */
  public static Dataset<Row> as(StructType schema, Dataset<Row> rows) {
    Column[] columns =
        Stream.of(schema.fields())
            .map(f -> Columns.of(rows, f.name()).as(f.name(), f.metadata()))
            .toArray(Column[]::new);
    return rows.select(columns);
  }
}
