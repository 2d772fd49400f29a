package io.embark.table;

import static org.apache.spark.sql.functions.*;

import io.embark.spark.column.Columns;
import io.embark.spark.parquet.VectorParquetFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Work cut into slices, each of which is done wholly or not at all. A row's slice follows from its
 * values alone, so that a run that goes on for another finds the same rows in the same slices.
 *
 * @param count how many slices
 * @param key the columns that decide a row's slice: its id, or else all of it
 */
public record Slices(int count, List<Column> key) {
  private static final String PROTOCOL = "spark.sql.sources.commitProtocolClass";

  /** By the id column, or by all columns if it is null. */
  public static Slices of(int count, StructType schema, String idCol) {
    List<Column> key = new ArrayList<>();
    for (StructField field : schema.fields()) {
      if (idCol == null || field.name().equals(idCol)) {
        key.add(hashable(field));
      }
    }
    return new Slices(count, key);
  }

  /** A column in a form that Spark can hash, which it cannot where maps are in it. */
  private static Column hashable(StructField field) {
    Column column = Columns.of(field.name());
    boolean holdsMap = field.dataType().existsRecursively(type -> type instanceof MapType);
    return holdsMap ? to_json(struct(column)) : column;
  }

  /** The rows of slices that are still to do, one partition a slice. */
  public Dataset<Row> undone(Dataset<Row> rows, Set<Integer> done) {
    Column[] columns = key.toArray(Column[]::new);
    // What repartition() computes: HashPartitioning is pmod of this very hash.
    Column slice = pmod(hash(columns), lit(count));
    Dataset<Row> left = done.isEmpty() ? rows : rows.where(not(slice.isInCollection(done)));
    return left.repartition(count, columns);
  }

  /** Writes rows partitioned by slices, as Parquet; each slice stays once it is done. */
  public static void write(Dataset<Row> rows, String directory, Map<String, String> options) {
    RuntimeConfig conf = rows.sparkSession().conf();
    String before = conf.contains(PROTOCOL) ? conf.get(PROTOCOL) : null;
    conf.set(PROTOCOL, SliceCommitProtocol.class.getName());
    try {
      rows.write()
          .mode("append")
          .option("maxRecordsPerFile", 0)
          .options(options)
          .format(VectorParquetFormat.NAME)
          .save(directory);
    } finally {
      if (before == null) {
        conf.unset(PROTOCOL);
      } else {
        conf.set(PROTOCOL, before);
      }
    }
  }
}
