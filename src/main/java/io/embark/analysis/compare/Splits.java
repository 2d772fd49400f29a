package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.*;

import io.embark.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.StringIndexerModel;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/**
 * Labelled rows with the parts they play in each experiment, the same for every candidate.
 *
 * @param rows columns {@code row}, {@code label_index double}, {@code train array<boolean>} (by
 *     split) and {@code shot array<boolean>} (by experiment; never rows outside the first split's
 *     train part)
 */
record Splits(Dataset<Row> rows, List<String> labels) {
  static final List<String> COLUMNS = List.of("row", "label_index", "train", "shot");

  /** The fraction of each label's rows that a probe learns from. */
  static final double TRAIN = 0.75;

  /** Rows of each label that a few-shot probe learns from, as in MTEB. */
  static final int SHOTS = 8;

  /** Experiments with few shots, as in MTEB. */
  static final int EXPERIMENTS = 10;

  /** With fewer a label cannot be on both sides of a split by these fractions. */
  static final int LEAST_ROWS = 4;

  /**
   * @param labelled columns {@code row bigint} and {@code label string}
   * @throws UserError if there are not two labels with enough rows
   */
  static Splits of(Dataset<Row> labelled, int splits) {
    WindowSpec ofLabel = Window.partitionBy("label");
    Dataset<Row> rows =
        labelled
            .select("row", "label")
            .where("label is not null")
            .withColumn("label_rows", count("*").over(ofLabel))
            .where(col("label_rows").geq(LEAST_ROWS));
    if (rows.select("label").distinct().limit(2).count() < 2) {
      throw new UserError(
          ("label-col: found fewer than two labels with %d rows or more; a probe needs them."
                  + " Compare more rows (--sample), or name another column.")
              .formatted(LEAST_ROWS));
    }
    StringIndexerModel index =
        new StringIndexer()
            .setInputCol("label")
            .setOutputCol("label_index")
            .setStringOrderType("alphabetAsc")
            .fit(rows);
    Column trainRows = floor(col("label_rows").multiply(TRAIN));
    Column[] trains =
        IntStream.range(0, splits)
            .mapToObj(split -> place(ofLabel, split).leq(trainRows))
            .toArray(Column[]::new);
    Column inTrain = element_at(col("train"), 1);
    WindowSpec ofPart = Window.partitionBy(col("label"), inTrain);
    Column[] shots =
        IntStream.range(0, EXPERIMENTS)
            .mapToObj(experiment -> inTrain.and(place(ofPart, 1000 + experiment).leq(SHOTS)))
            .toArray(Column[]::new);
    Dataset<Row> drawn =
        index
            .transform(rows)
            .withColumn("train", array(trains))
            .withColumn("shot", array(shots))
            .select("row", "label_index", "train", "shot");
    return new Splits(drawn, Arrays.asList(index.labelsArray()[0]));
  }

  /** Places, from 1, of rows in an order that looks random and is the same each time. */
  private static Column place(WindowSpec among, int seed) {
    return row_number().over(among.orderBy(xxhash64(col("row"), lit(seed)), col("row")));
  }
}
