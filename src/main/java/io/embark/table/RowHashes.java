package io.embark.table;

import static org.apache.spark.sql.functions.*;

import io.embark.spark.column.Columns;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * One side of a comparison, hashed where it is read: for each id the SHA-256 of the text, a hash of
 * the other columns, the file, whether the model failed, and how many rows have that id.
 */
final class RowHashes {
  static final String ID = "id";
  static final String TEXT = "text";
  static final String REST = "rest";
  static final String FILE = "file";
  static final String FAILED = "failed";
  static final String ROWS = "rows";

  private static final long PARTITION_BYTES = 16L << 20;

  private RowHashes() {}

  /** The hash of a text: never null, that of a null text is empty. */
  static Column ofText(Column text) {
    return coalesce(unhex(sha2(text, 256)), lit(new byte[0]));
  }

  /**
   * The hashes of every row.
   *
   * @param columns that are compared
   */
  static Dataset<Row> of(
      Dataset<Row> rows,
      StructType columns,
      String idCol,
      String textCol,
      Column file,
      Column failed) {
    Stream<Column> rest =
        Stream.of(columns.fields())
            .filter(f -> !f.name().equals(idCol) && !f.name().equals(textCol))
            .flatMap(RowHashes::hashed);
    return rows.select(
        Columns.of(idCol).as(ID),
        ofText(Columns.of(textCol)).as(TEXT),
        // Seeded with a constant, for an input may have no other columns.
        xxhash64(Stream.concat(Stream.of(lit(1)), rest).toArray(Column[]::new)).as(REST),
        file.as(FILE),
        coalesce(failed, lit(false)).as(FAILED));
  }

  /** A column in a form in which equal hashes mean equal values, see {@link ContentHash}. */
  private static Stream<Column> hashed(StructField field) {
    Column column = Columns.of(field.name());
    return ContentHash.isNested(field.dataType())
        ? Stream.of(ContentHash.of(column, field.dataType()))
        : Stream.of(isnull(column), column);
  }

  /** One row for each id. */
  static Dataset<Row> byId(Dataset<Row> hashes, int partitions) {
    Column[] first =
        Stream.of(TEXT, REST, FILE, FAILED)
            .map(name -> first(name).as(name))
            .toArray(Column[]::new);
    // Shuffled before it is grouped: grouping and joining then find each partition as they need it.
    return hashes.repartition(partitions, col(ID)).groupBy(ID).agg(count(lit(1)).as(ROWS), first);
  }

  /**
   * Partitions for the shuffle: by size, from one a slot to what Spark would take. What is kept in
   * memory stays in as many, and Spark's own 200 cost seconds where rows are few.
   */
  static int partitions(Dataset<Row> left, Dataset<Row> right) {
    double bytes = Math.max(estimatedSize(left), estimatedSize(right));
    int slots = left.sparkSession().sparkContext().defaultParallelism();
    int most = Math.max(slots, left.sparkSession().sessionState().conf().numShufflePartitions());
    return (int) Math.max(slots, Math.min(most, bytes / PARTITION_BYTES));
  }

  private static double estimatedSize(Dataset<Row> rows) {
    return rows.queryExecution().optimizedPlan().stats().sizeInBytes().doubleValue();
  }
}
