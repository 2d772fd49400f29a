package io.embark.cli.embed;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.embark.spark.column.Columns;
import io.embark.table.Changes;
import io.embark.table.Changes.Kind;
import io.embark.table.TableLock;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries differences out in an Iceberg table, in one commit. The table may have gone on since it
 * was compared: a row is changed or deleted only if its text is still the one that was compared,
 * and inserted only if it was not there then and is not now. What others changed, deleted or
 * inserted meanwhile stays as they left it. So to do it twice is to do it once.
 *
 * @param columns of the table that the run writes, in the order of the source's
 * @param inputColumns those of them that the input has
 */
record CatalogMerge(
    CatalogTable table,
    List<String> columns,
    List<String> inputColumns,
    String idCol,
    String textCol) {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogMerge.class);

  /** Commits that are tried while others keep being faster. */
  private static final int ATTEMPTS = 5;

  /** What Iceberg throws if another commit was faster, or concerns what this one was made from. */
  private static final Set<String> CONFLICTS =
      Set.of(
          "org.apache.iceberg.exceptions.CommitFailedException",
          "org.apache.iceberg.exceptions.ValidationException");

  private static final String SOURCE = "embark_source";

  // Columns of the source; those of the table have numbers, for their names could be these.
  private static final String ID = "id";
  private static final String TEXT = "text";

  /**
   * The rows of the source.
   *
   * @param embedded new, changed and failed rows with all columns
   * @param updated rows whose vector stays, with the input's columns
   * @param sync whether rows that are gone from the input are deleted
   */
  Dataset<Row> source(Changes changes, Dataset<Row> embedded, Dataset<Row> updated, boolean sync) {
    Dataset<Row> all =
        numbered(embedded, columns)
            .join(changes.differences(Kind.NEW, Kind.CHANGED, Kind.FAILED), matches())
            .unionByName(
                numbered(updated, inputColumns).join(changes.differences(Kind.UPDATED), matches()),
                true);
    return sync ? all.unionByName(changes.differences(Kind.GONE), true) : all;
  }

  private Dataset<Row> numbered(Dataset<Row> rows, List<String> names) {
    return rows.select(names.stream().map(c -> Columns.of(c).as(number(c))).toArray(Column[]::new));
  }

  private String number(String column) {
    return "c" + columns.indexOf(column);
  }

  private Column matches() {
    return col(number(idCol)).equalTo(col(ID));
  }

  /**
   * Commits, from the table's newest snapshot each time that others were faster.
   *
   * @param base the snapshot that was compared
   * @throws IOException if others were faster each time
   * @throws IllegalStateException if the lock is lost
   */
  void commit(Dataset<Row> source, long base, TableLock lock) throws IOException {
    source.createOrReplaceTempView(SOURCE);
    try {
      Optional<Exception> faster = Optional.empty();
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        long now = table.snapshot();
        long left = now == base ? 0 : left(now);
        lock.requireHeld();
        faster = attempt();
        if (faster.isEmpty()) {
          warn(base, now, left);
          return;
        }
        LOG.info(
            "Another writer of {} committed first: {}", table.name(), faster.get().getMessage());
      }
      throw new IOException(
          "Could not commit to %s: in %d attempts others changed it meanwhile. What was embedded is kept; run the same command again, at a time when less is written. Iceberg says: %s"
              .formatted(table.name(), ATTEMPTS, faster.get().getMessage()),
          faster.get());
    } finally {
      table.spark().catalog().dropTempView(SOURCE);
    }
  }

  /** Empty if it went well, else the conflict with another commit. */
  private Optional<Exception> attempt() {
    try {
      table.sql(merge());
      return Optional.empty();
    } catch (Exception e) {
      boolean conflict =
          Stream.iterate((Throwable) e, Objects::nonNull, Throwable::getCause)
              .anyMatch(cause -> CONFLICTS.contains(cause.getClass().getName()));
      if (!conflict) {
        throw e;
      }
      return Optional.of(e);
    }
  }

  private String merge() {
    String seen = textHash("t." + Columns.quoted(textCol)) + " = s." + TEXT;
    // Read a second time, an input that somebody replaced would bring another text to the vector.
    String same = seen + " AND " + textHash("s." + number(textCol)) + " = s." + TEXT;
    return ("MERGE INTO %s t USING %s s ON t.%s = s.%s"
            + " WHEN MATCHED AND s.kind = 'GONE' AND %5$s THEN DELETE"
            + " WHEN MATCHED AND s.kind = 'UPDATED' AND %6$s THEN UPDATE SET %7$s"
            + " WHEN MATCHED AND s.kind IN ('CHANGED', 'FAILED') AND %5$s THEN UPDATE SET %8$s"
            + " WHEN NOT MATCHED AND s.kind = 'NEW' THEN INSERT (%9$s) VALUES (%10$s)")
        .formatted(
            table.sqlName(),
            SOURCE,
            Columns.quoted(idCol),
            ID,
            seen,
            same,
            join(inputColumns, c -> "t.%s = s.%s".formatted(Columns.quoted(c), number(c))),
            join(columns, c -> "t.%s = s.%s".formatted(Columns.quoted(c), number(c))),
            join(columns, Columns::quoted),
            join(columns, c -> "s." + number(c)));
  }

  /** {@link Changes#textHash} in SQL. */
  private static String textHash(String column) {
    return "coalesce(unhex(sha2(%s, 256)), X'')".formatted(column);
  }

  private static String join(List<String> columns, Function<String, String> form) {
    return columns.stream().map(form).collect(Collectors.joining(", "));
  }

  /** How many rows of the source the table will not take, in its snapshot {@code now}. */
  private long left(long now) {
    Dataset<Row> there =
        table
            .rows(now)
            .select(Columns.of(idCol).as(ID), Changes.textHash(Columns.of(textCol)).as(TEXT));
    return table
        .spark()
        .table(SOURCE)
        .as("s")
        .join(there.as("t"), expr("s.id = t.id"), "left")
        .where(
            "CASE WHEN s.kind = 'NEW' THEN t.id IS NOT NULL ELSE t.id IS NULL OR t.text <> s.text END")
        .count();
  }

  private void warn(long base, long now, long left) {
    if (left > 0) {
      LOG.warn(
          "{} went from snapshot {} to {} while this run worked. {} rows that were changed, deleted"
              + " or inserted there meanwhile are left as they are; the next run compares them again.",
          table.name(),
          base,
          now,
          left);
    }
  }
}
