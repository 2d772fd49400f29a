package io.embark.compare;

import java.util.List;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How well a linear classifier finds labels in vectors that it has not seen: MLlib's multinomial
 * logistic regression on values scaled to variance 1, which takes away that candidates differ in
 * scale, with the penalty that scikit-learn has by default (C = 1: |w|^2 / 2 beside the sum of
 * losses), at most 100 iterations.
 */
final class Probes {
  private static final Logger LOG = LoggerFactory.getLogger(Probes.class);
  private static final int ITERATIONS = 100;
  private static final double TOLERANCE = 1e-3;

  private Probes() {}

  /**
   * @param rows {@link Splits#rows} with the candidate's vectors in {@code vector}, cached
   * @param labels how many
   * @param splits how many random splits there are
   */
  static List<Figure> measure(Dataset<Row> rows, Candidate candidate, int labels, int splits) {
    double[] accuracy = new double[splits];
    double[] macroF1 = new double[splits];
    for (int split = 0; split < splits; split++) {
      Column train = functions.element_at(functions.col("train"), split + 1);
      Confusion found = probe(rows.where(train), rows.where(functions.not(train)), labels);
      accuracy[split] = found.accuracy();
      LOG.info(
          "{}: probe {} of {}, accuracy {}",
          candidate.name(),
          split + 1,
          splits,
          Measure.PROBE_ACCURACY.print(accuracy[split]));
      macroF1[split] = found.macroF1();
    }
    double[] fewAccuracy = new double[Splits.EXPERIMENTS];
    double[] fewMacroF1 = new double[Splits.EXPERIMENTS];
    Dataset<Row> test = rows.where(functions.not(functions.element_at(functions.col("train"), 1)));
    for (int experiment = 0; experiment < Splits.EXPERIMENTS; experiment++) {
      Column shot = functions.element_at(functions.col("shot"), experiment + 1);
      // A few hundred rows: a second task would cost each iteration more than it computes.
      Confusion found = probe(rows.where(shot).coalesce(1), test, labels);
      fewAccuracy[experiment] = found.accuracy();
      fewMacroF1[experiment] = found.macroF1();
    }
    return List.of(
        Figure.meanOf(candidate, Measure.PROBE_ACCURACY, accuracy),
        Figure.meanOf(candidate, Measure.PROBE_MACRO_F1, macroF1),
        Figure.meanOf(candidate, Measure.FEW_SHOT_ACCURACY, fewAccuracy),
        Figure.meanOf(candidate, Measure.FEW_SHOT_MACRO_F1, fewMacroF1));
  }

  private static Confusion probe(Dataset<Row> train, Dataset<Row> test, int labels) {
    long start = System.nanoTime();
    LogisticRegressionModel model =
        new LogisticRegression()
            .setFamily("multinomial")
            .setFeaturesCol("vector")
            .setLabelCol("label_index")
            .setStandardization(true)
            .setRegParam(1.0 / train.count())
            .setMaxIter(ITERATIONS)
            .setTol(TOLERANCE)
            .fit(train);
    LOG.debug(
        "{} iterations in {} ms",
        model.summary().totalIterations(),
        (System.nanoTime() - start) / 1_000_000);
    long[][] counts = new long[labels][labels];
    for (Row row :
        model.transform(test).groupBy("label_index", "prediction").count().collectAsList()) {
      counts[(int) row.getDouble(0)][(int) row.getDouble(1)] = row.getLong(2);
    }
    return new Confusion(counts);
  }
}
