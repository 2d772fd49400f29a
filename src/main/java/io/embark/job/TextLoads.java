package io.embark.job;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.FileSourceScanExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.FileScanRDD;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.functions;
import scala.collection.JavaConverters;

/**
 * How much text lies in each split of the input.
 *
 * @param tokens estimated, one entry a split
 * @param byRow whether every text was looked at; else they were guessed from the sizes of files
 */
record TextLoads(long[] tokens, boolean byRow) {
  /** UTF-8 bytes per token: about 4 letters of English, one sign and a bit of Chinese. */
  private static final int BYTES_PER_TOKEN = 4;

  /** Special tokens, and the little that a row costs by itself. */
  private static final int TOKENS_OF_A_ROW = 2;

  /** How many tokens are tokenised in the time that a model takes for one. */
  private static final int TOKENIZED_PER_COMPUTED = 32;

  /** More than this of JSON or CSV per slot is not parsed twice to learn its lengths. */
  private static final long PARSED_TWICE = 1L << 30;

  /**
   * What one row costs, in tokens of the model: at most {@code maxLength} computed, and tokenising
   * all of it.
   */
  static Column tokensOf(Column text, int maxLength) {
    Column all =
        functions.coalesce(
            functions.floor(functions.octet_length(text).divide(BYTES_PER_TOKEN)),
            functions.lit(0L));
    return functions
        .least(all.plus(TOKENS_OF_A_ROW), functions.lit((long) maxLength))
        .plus(functions.floor(all.divide(TOKENIZED_PER_COMPUTED)))
        .cast("long");
  }

  /**
   * Finds them: with a pass over the column of texts, which costs little beside embedding it, or
   * from the sizes of files where that pass would parse very much text.
   */
  static TextLoads of(Dataset<Row> rows, Column tokens, boolean columnar, int slots) {
    long[] bytes = bytes(rows);
    if (!columnar && Arrays.stream(bytes).sum() > PARSED_TWICE * slots) {
      return new TextLoads(Arrays.stream(bytes).map(b -> b / BYTES_PER_TOKEN).toArray(), false);
    }
    long[] loads = new long[rows.rdd().getNumPartitions()];
    rows.select(functions.spark_partition_id().as("split"), tokens.as("tokens"))
        .groupBy("split")
        .agg(functions.sum("tokens"))
        .collectAsList()
        .forEach(split -> loads[split.getInt(0)] = split.getLong(1));
    return new TextLoads(loads, true);
  }

  /** Bytes of each split of the files read; empty if it is not files. */
  private static long[] bytes(Dataset<Row> rows) {
    List<Long> bytes = new ArrayList<>();
    for (SparkPlan leaf :
        JavaConverters.seqAsJavaList(rows.queryExecution().executedPlan().collectLeaves())) {
      if (leaf instanceof FileSourceScanExec scan && scan.inputRDD() instanceof FileScanRDD files) {
        for (FilePartition split : JavaConverters.seqAsJavaList(files.filePartitions())) {
          bytes.add(Arrays.stream(split.files()).mapToLong(PartitionedFile::length).sum());
        }
      }
    }
    return bytes.stream().mapToLong(Long::longValue).toArray();
  }

  /** Whether rows come in the same order whenever a split is read again: nothing is shuffled. */
  static boolean inFixedOrder(Dataset<Row> rows) {
    // Spark puts every plan with a shuffle, and only those, under adaptive execution.
    SparkPlan plan = rows.queryExecution().executedPlan();
    return !(plan instanceof AdaptiveSparkPlanExec) && !plan.toString().contains("Exchange");
  }
}
