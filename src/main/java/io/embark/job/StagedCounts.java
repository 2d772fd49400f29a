package io.embark.job;

import io.embark.embed.Status;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/**
 * What the staged files hold, read back from them: a task that was run twice counts once, and rows
 * that an earlier attempt embedded count too.
 *
 * @param rowsOf rows of each file, by its name
 * @param totals over all files: {@code rows}, one per {@link Status}, {@code truncated}, {@code
 *     documents}, {@code tokens} (that the model saw) and {@code allTokens}
 */
record StagedCounts(Map<String, Long> rowsOf, Map<String, Object> totals) {
  private static final String FILE = "embark_file";
  static final String ROWS = "rows";

  /**
   * @param schema of the files
   * @param chunked what a row stands for
   */
  static StagedCounts of(
      SparkSession spark, String directory, StructType schema, ChunkedOutput chunked) {
    String prefix = chunked.prefix();
    TreeMap<String, Column> counts = new TreeMap<>();
    counts.put(ROWS, functions.count(functions.lit(1)));
    for (Status status : Status.values()) {
      counts.put(status.name(), functions.count(functions.when(is(prefix, status), 1)));
    }
    counts.put("truncated", functions.count(functions.when(column(prefix, "truncated"), 1)));
    counts.put("documents", functions.count(functions.when(chunked.document(), 1)));
    counts.put("tokens", sum(functions.when(chunked.addsUp(), column(prefix, "tokens_used"))));
    counts.put("allTokens", sum(functions.when(chunked.addsUp(), column(prefix, "token_count"))));
    Dataset<Row> byFile =
        spark
            .read()
            .schema(schema)
            .parquet(directory)
            .groupBy(functions.col("_metadata.file_name").as(FILE))
            .agg(
                functions.lit(0),
                counts.entrySet().stream()
                    .map(e -> e.getValue().as(e.getKey()))
                    .toArray(Column[]::new));
    Map<String, Long> rowsOf = new HashMap<>();
    Map<String, Object> totals = new HashMap<>();
    counts.keySet().forEach(name -> totals.put(name, 0L));
    for (Row row : byFile.collectAsList()) {
      rowsOf.put(row.getAs(FILE), row.getAs(ROWS));
      for (String name : counts.keySet()) {
        totals.merge(name, row.<Long>getAs(name), (a, b) -> (Long) a + (Long) b);
      }
    }
    return new StagedCounts(rowsOf, totals);
  }

  long rows() {
    return (Long) totals.get(ROWS);
  }

  private static Column is(String prefix, Status status) {
    // As Status.isOf has it: a reason may follow.
    Column written = column(prefix, "status");
    return written.equalTo(status.name()).or(written.startsWith(status.name() + ": "));
  }

  private static Column column(String prefix, String name) {
    return functions.col("`" + prefix + name + "`");
  }

  private static Column sum(Column column) {
    return functions.coalesce(functions.sum(column), functions.lit(0L));
  }
}
