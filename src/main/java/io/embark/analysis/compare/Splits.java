package io.embark.analysis.compare;

import io.embark.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.StringIndexerModel;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.functions;

/**
 * Labelled rows with the parts they play in each experiment, the same for every candidate.
 *
 * @param rows columns {@code row}, {@code label_index double}, {@code train array<boolean>} (by
 *     split) and {@code shot array<boolean>} (by experiment; never rows outside the first split's
 *     train part)
 * @param labels by index
 */
record Splits(Dataset<Row> rows, List<String> labels) {
  /** Share of each label's rows that a probe learns from. */
  static final double TRAIN = 0.75;

  /** Rows of each label that a few-shot probe learns from, as in MTEB. */
  static final int SHOTS = 8;

  /** Experiments with few shots, as in MTEB. */
  static final int EXPERIMENTS = 10;

  /** With fewer a label cannot be on both sides of a split by these shares. */
  static final int LEAST_ROWS = 4;

  /**
   * @param labelled columns {@code row bigint} and {@code label string}
   * @param splits how many random splits
   * @throws UserError if there are not two labels with enough rows
   */
  static Splits of(Dataset<Row> labelled, int splits) {
    Dataset<Row> rows =
        labelled
            .select("row", "label")
            .where("label is not null")
            .withColumn("label_rows", functions.count("*").over(Window.partitionBy("label")))
            .where(functions.col("label_rows").geq(LEAST_ROWS));
    if (rows.select("label").distinct().limit(2).count() < 2) {
      throw new UserError(
          ("label-col: found fewer than two labels with %d rows or more; a probe needs them. Compare"
                  + " more rows (--sample), or name another column.")
              .formatted(LEAST_ROWS));
    }
    StringIndexerModel index =
        new StringIndexer()
            .setInputCol("label")
            .setOutputCol("label_index")
            .setStringOrderType("alphabetAsc")
            .fit(rows);
    List<Column> trains = new ArrayList<>();
    for (int split = 0; split < splits; split++) {
      Column place =
          functions
              .row_number()
              .over(Window.partitionBy("label").orderBy(draw(split), functions.col("row")));
      trains.add(place.leq(functions.floor(functions.col("label_rows").multiply(TRAIN))));
    }
    List<Column> shots = new ArrayList<>();
    Column inTrain = functions.element_at(functions.col("train"), 1);
    for (int experiment = 0; experiment < EXPERIMENTS; experiment++) {
      Column place =
          functions
              .row_number()
              .over(
                  Window.partitionBy(functions.col("label"), inTrain)
                      .orderBy(draw(1000 + experiment), functions.col("row")));
      shots.add(inTrain.and(place.leq(SHOTS)));
    }
    Dataset<Row> drawn =
        index
            .transform(rows)
            .withColumn("train", functions.array(trains.toArray(Column[]::new)))
            .withColumn("shot", functions.array(shots.toArray(Column[]::new)))
            .select("row", "label_index", "train", "shot");
    return new Splits(drawn, Arrays.asList(index.labelsArray()[0]));
  }

  /** A number for each row that looks random and is the same each time. */
  private static Column draw(int seed) {
    return functions.xxhash64(functions.col("row"), functions.lit(seed));
  }
}
