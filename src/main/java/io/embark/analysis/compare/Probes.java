package io.embark.analysis.compare;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.compare.ProbeFits.Probe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Figures of a linear classifier that finds labels in vectors it has not seen: MLlib's multinomial
 * logistic regression on values scaled to variance 1, which takes away that candidates differ in
 * scale, with the penalty that scikit-learn has by default (C = 1: |w|^2 / 2 beside the sum of
 * losses), at most 100 iterations.
 */
final class Probes {
  private static final Logger LOG = LoggerFactory.getLogger(Probes.class);
  private static final StructType TAKEN = StructType.fromDDL("probe INT, label INT, found INT");

  private Probes() {}

  /**
   * @param rows {@link Splits#rows} with the candidate's vectors in {@code vector}, cached
   */
  static List<Figure> measure(Dataset<Row> rows, Candidate candidate, int labels, int splits) {
    Probe[] probes = new ProbeFits(rows, candidate, labels, splits).fit(ProbeFits.VALUES_OF_A_TASK);
    Confusion[] found = onOthers(rows, probes, labels, splits);
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

  /** Tests each probe on the rows that lie outside its split's train part. */
  private static Confusion[] onOthers(Dataset<Row> rows, Probe[] probes, int labels, int splits) {
    Broadcast<Probe[]> sent =
        JavaSparkContext.fromSparkContext(rows.sparkSession().sparkContext()).broadcast(probes);
    FlatMapFunction<Row, Row> take =
        row -> {
          List<Boolean> train = row.getList(0);
          Vector vector = row.getAs(2);
          List<Row> taken = new ArrayList<>();
          for (int probe = 0; probe < sent.value().length; probe++) {
            // Few shots come from the first split.
            if (!train.get(probe < splits ? probe : 0)) {
              int found = sent.value()[probe].label(vector);
              taken.add(RowFactory.create(probe, (int) row.getDouble(1), found));
            }
          }
          return taken.iterator();
        };
    long[][][] counts = new long[probes.length][labels][labels];
    for (Row row :
        rows.select("train", "label_index", "vector")
            .flatMap(take, Encoders.row(TAKEN))
            .groupBy("probe", "label", "found")
            .count()
            .collectAsList()) {
      counts[row.getInt(0)][row.getInt(1)][row.getInt(2)] = row.getLong(3);
    }
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
