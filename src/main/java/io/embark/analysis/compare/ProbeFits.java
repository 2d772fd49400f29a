package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.count_if;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.posexplode;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.linalg.Matrix;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  private static final StructType FITTED =
      new StructType()
          .add(Groups.GROUP, DataTypes.IntegerType, false)
          .add("coefficients", SQLDataTypes.MatrixType(), false)
          .add("intercepts", SQLDataTypes.VectorType(), false);

  private final Dataset<Row> rows;
  private final Candidate candidate;
  private final int labels;
  private final long[] learners;

  /**
   * @param rows {@link Splits#rows} with the candidate's vectors in {@code vector}, cached
   * @param labels how many
   * @param splits how many random splits there are
   */
  ProbeFits(Dataset<Row> rows, Candidate candidate, int labels, int splits) {
    this.rows = rows;
    this.candidate = candidate;
    this.labels = labels;
    // Every split takes the same share of each label, every experiment as many shots.
    Row counts = rows.agg(learners("train"), learners("shot")).head();
    this.learners = new long[splits + Splits.EXPERIMENTS];
    Arrays.fill(learners, 0, splits, counts.getLong(0));
    Arrays.fill(learners, splits, learners.length, counts.getLong(1));
  }

  private static Column learners(String part) {
    return count_if(element_at(col(part), 1));
  }

  /**
   * @param most values that a task may hold
   */
  Probe[] fit(long most) {
    Probe[] probes = new Probe[learners.length];
    int first = 0;
    // Shots are never more than the train part of a split.
    while (first < probes.length && learners[first] * candidate.dimension() > most) {
      probes[first] = distributed(first);
      first++;
      LOG.info("{}: probe {} of {}", candidate.name(), first, probes.length);
    }
    for (Row row : first < probes.length ? inTasks(first) : List.<Row>of()) {
      probes[row.getInt(0)] = new Probe(row.<Matrix>getAs(1), row.<Vector>getAs(2));
    }
    return probes;
  }

  /** Whether each probe learns from a row. */
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

  private List<Row> inTasks(int first) {
    Dataset<Row> learning =
        rows.select(
                posexplode(learns()).as(new String[] {Groups.GROUP, "learns"}),
                col("row"),
                col("label_index"),
                col("vector"))
            .where(col("learns").and(col(Groups.GROUP).geq(first)))
            .drop("learns");
    long[] counts = learners;
    int dimension = candidate.dimension();
    int classes = labels;
    return Groups.reduce(
            learning,
            counts.length - first,
            "row",
            FITTED,
            probe -> new Learner(probe, new SoftmaxFit((int) counts[probe], dimension, classes)))
        .collectAsList();
  }

  /** Takes the rows that a probe learns from. */
  private record Learner(int probe, SoftmaxFit fit) implements Groups.Collector {
    @Override
    public void add(Row row) {
      fit.add(row.getAs("vector"), (int) row.<Double>getAs("label_index").doubleValue());
    }

    @Override
    public Row finish() {
      Probe fitted = fit.fit(ITERATIONS, TOLERANCE);
      return RowFactory.create(probe, fitted.coefficients(), fitted.intercepts());
    }
  }
}
