package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.*;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.spark.wire.Sent;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.linalg.Matrix;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * Figures of a linear classifier that finds labels in vectors it has not seen: MLlib's multinomial
 * logistic regression on values scaled to variance 1, which takes away that candidates differ in
 * scale, with the penalty that scikit-learn has by default (C = 1: |w|^2 / 2 beside the sum of
 * losses), at most 100 iterations.
 *
 * <p>A candidate has a probe for each random split, then one for the few shots of each experiment.
 * Those whose rows a task can hold are fitted each in a task ({@link SoftmaxFit}), the others by
 * MLlib, one after the other over all rows.
 */
final class Probes {
  /** Values that a task may hold to learn from, 48 MB: 15,000 rows of 384. */
  static final long VALUES_OF_A_TASK = 6_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(Probes.class);
  private static final int ITERATIONS = 100;
  private static final double TOLERANCE = 1e-3;
  private static final StructType TAKEN = StructType.fromDDL("probe INT, label INT, found INT");

  private final Dataset<Row> rows;
  private final Candidate candidate;
  private final int labels;
  private final int splits;

  /** Rows that each probe learns from. */
  private final long[] learners;

  /**
   * @param rows {@link Splits#rows} with the candidate's vectors in {@code vector}, cached
   */
  Probes(Dataset<Row> rows, Candidate candidate, int labels, int splits) {
    this.rows = rows;
    this.candidate = candidate;
    this.labels = labels;
    this.splits = splits;
    // Every split takes the same fraction of each label, every experiment as many shots.
    Column train = count_if(element_at(col("train"), 1));
    Row counts = rows.agg(train, count_if(element_at(col("shot"), 1))).head();
    this.learners = new long[splits + Splits.EXPERIMENTS];
    Arrays.fill(learners, 0, splits, counts.getLong(0));
    Arrays.fill(learners, splits, learners.length, counts.getLong(1));
  }

  /**
   * A fitted linear classifier; public for Spark to encode it.
   *
   * @param coefficients a row for each label
   */
  public record Probe(Matrix coefficients, Vector intercepts) implements Serializable {
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

  List<Figure> measure() {
    Confusion[] found = onOthers(fit(VALUES_OF_A_TASK));
    double[] accuracy = Arrays.stream(found).mapToDouble(Confusion::accuracy).toArray();
    double[] macroF1 = Arrays.stream(found).mapToDouble(Confusion::macroF1).toArray();
    int all = found.length;
    double[] fewAccuracy = Arrays.copyOfRange(accuracy, splits, all);
    double[] fewMacroF1 = Arrays.copyOfRange(macroF1, splits, all);
    List<Figure> figures =
        List.of(
            Figure.meanOf(candidate, Measure.PROBE_ACCURACY, Arrays.copyOf(accuracy, splits)),
            Figure.meanOf(candidate, Measure.PROBE_MACRO_F1, Arrays.copyOf(macroF1, splits)),
            Figure.meanOf(candidate, Measure.FEW_SHOT_ACCURACY, fewAccuracy),
            Figure.meanOf(candidate, Measure.FEW_SHOT_MACRO_F1, fewMacroF1));
    String shown = Measure.PROBE_ACCURACY.print(figures.get(0).value());
    LOG.info("{}: {} probes, accuracy {}", candidate.name(), all, shown);
    return figures;
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
    Column learns = posexplode(learns()).as(new String[] {"probe", "learns"});
    Dataset<Row> learning =
        rows.select(learns, col("row"), col("label_index"), col("vector"))
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

  /** Tests each probe on the rows that lie outside its split's train part. */
  private Confusion[] onOthers(Probe[] probes) {
    int ofSplits = splits;
    Sent<Probe[]> sent =
        Sent.of(JavaSparkContext.fromSparkContext(rows.sparkSession().sparkContext()), probes);
    FlatMapFunction<Row, Row> take =
        row -> {
          List<Boolean> train = row.getList(0);
          Vector vector = row.getAs(2);
          List<Row> taken = new ArrayList<>();
          for (int probe = 0; probe < sent.value().length; probe++) {
            // Few shots come from the first split.
            if (!train.get(probe < ofSplits ? probe : 0)) {
              int found = sent.value()[probe].label(vector);
              taken.add(RowFactory.create(probe, (int) row.getDouble(1), found));
            }
          }
          return taken.iterator();
        };
    long[][][] counts = new long[probes.length][labels][labels];
    rows.select("train", "label_index", "vector")
        .flatMap(take, Encoders.row(TAKEN))
        .groupBy("probe", "label", "found")
        .count()
        .collectAsList()
        .forEach(r -> counts[r.getInt(0)][r.getInt(1)][r.getInt(2)] = r.getLong(3));
    sent.destroy();
    return Arrays.stream(counts).map(Confusion::new).toArray(Confusion[]::new);
  }

  /**
   * Counts of items by the class they have and the class they were taken for.
   *
   * @param counts {@code [truth][prediction]}, square
   */
  record Confusion(long[][] counts) {
    /** The fraction of items whose class was found. */
    double accuracy() {
      long right = 0;
      long all = 0;
      for (int i = 0; i < counts.length; i++) {
        right += counts[i][i];
        all += Arrays.stream(counts[i]).sum();
      }
      return (double) right / all;
    }

    /**
     * The mean over classes of F1 = 2 tp / (2 tp + fp + fn); classes that neither occur nor are
     * predicted do not count.
     */
    double macroF1() {
      double sum = 0;
      int classes = 0;
      for (int c = 0; c < counts.length; c++) {
        long truthAndPredicted = 0;
        for (int other = 0; other < counts.length; other++) {
          truthAndPredicted += counts[c][other] + counts[other][c];
        }
        if (truthAndPredicted > 0) {
          classes++;
          sum += 2.0 * counts[c][c] / truthAndPredicted;
        }
      }
      return sum / classes;
    }
  }
}
