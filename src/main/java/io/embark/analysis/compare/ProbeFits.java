package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.*;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.linalg.Matrix;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * Fits the probes of one candidate: one for each random split, then one for the few shots of each
 * experiment. Those whose rows a task can hold are fitted each in a task ({@link SoftmaxFit}), the
 * others by MLlib, one after the other over all rows.
 */
final class ProbeFits {
  /** Values that a task may hold to learn from, 48 MB: 15,000 rows of 384. */
  static final long VALUES_OF_A_TASK = 6_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(ProbeFits.class);
  private static final int ITERATIONS = 100;
  private static final double TOLERANCE = 1e-3;

  /**
   * A fitted linear classifier.
   *
   * @param coefficients a row for each label
   */
  record Probe(Matrix coefficients, Vector intercepts) implements Serializable {

    /** The likeliest label; of equally likely ones the first. */
    int label(Vector vector) {
      double[] margins = coefficients.multiply(vector).values();
      int best = 0;
      for (int label = 0; label < margins.length; label++) {
        margins[label] += intercepts.apply(label);
        if (margins[label] > margins[best]) {
          best = label;
        }
      }
      return best;
    }
  }

  private final Dataset<Row> rows;
  private final Candidate candidate;
  private final int labels;
  private final long[] learners;

  /**
   * @param rows {@link Splits#rows} with the candidate's vectors in {@code vector}, cached
   */
  ProbeFits(Dataset<Row> rows, Candidate candidate, int labels, int splits) {
    this.rows = rows;
    this.candidate = candidate;
    this.labels = labels;
    // Every split takes the same fraction of each label, every experiment as many shots.
    Row counts =
        rows.agg(count_if(element_at(col("train"), 1)), count_if(element_at(col("shot"), 1)))
            .head();
    this.learners = new long[splits + Splits.EXPERIMENTS];
    Arrays.fill(learners, 0, splits, counts.getLong(0));
    Arrays.fill(learners, splits, learners.length, counts.getLong(1));
  }

  /** Fits in tasks the probes that learn from no more than {@code most} values. */
  Probe[] fit(long most) {
    Probe[] probes = new Probe[learners.length];
    int first = 0;
    // Shots are never more than the train part of a split.
    while (first < probes.length && learners[first] * candidate.dimension() > most) {
      probes[first] = distributed(first);
      first++;
      LOG.info("{}: probe {} of {}", candidate.name(), first, probes.length);
    }
    if (first < probes.length) {
      inTasks(first).forEach(fitted -> probes[fitted._1()] = fitted._2());
    }
    return probes;
  }

  /** For each probe, whether it learns from a row. */
  private static Column learns() {
    return concat(col("train"), col("shot"));
  }

  private Probe distributed(int probe) {
    LogisticRegressionModel model =
        new LogisticRegression()
            .setFamily("multinomial")
            .setFeaturesCol("vector")
            .setLabelCol("label_index")
            .setStandardization(true)
            .setRegParam(1.0 / learners[probe])
            .setMaxIter(ITERATIONS)
            .setTol(TOLERANCE)
            .fit(rows.where(element_at(learns(), probe + 1)));
    return new Probe(model.coefficientMatrix(), model.interceptVector());
  }

  /** The probes from the first one on that a task can hold, each with its number. */
  private List<Tuple2<Integer, Probe>> inTasks(int first) {
    Dataset<Row> learning =
        rows.select(
                posexplode(learns()).as(new String[] {"probe", "learns"}),
                col("row"),
                col("label_index"),
                col("vector"))
            .where(col("learns").and(col("probe").geq(first)))
            .repartition(learners.length - first, col("probe"));
    long[] counts = learners;
    int dimension = candidate.dimension();
    int classes = labels;
    FlatMapGroupsFunction<Integer, Row, Tuple2<Integer, Probe>> fit =
        (probe, learners) -> {
          SoftmaxFit fitted = new SoftmaxFit((int) counts[probe], dimension, classes);
          learners.forEachRemaining(
              row -> fitted.add(row.getAs("vector"), row.<Double>getAs("label_index").intValue()));
          return List.of(Tuple2.apply(probe, fitted.fit(ITERATIONS, TOLERANCE))).iterator();
        };
    return learning
        .groupBy("probe")
        .as(Encoders.INT(), Encoders.row(learning.schema()))
        .flatMapSortedGroups(
            new Column[] {col("row")},
            fit,
            Encoders.tuple(Encoders.INT(), Encoders.javaSerialization(Probe.class)))
        .collectAsList();
  }
}
