package io.embark.analysis.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.compare.Probes.Probe;
import io.embark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

class ProbesTest {
  private static final Candidate CANDIDATE = new Candidate("some", 6);
  private static final int LABELS = 4;
  private static final int SPLITS = 2;

  /**
   * Labels of different sizes that overlap; dimensions far from 0, of all scales, and one fixed.
   */
  private static Dataset<Row> rows() {
    StructType schema =
        new StructType()
            .add("row", DataTypes.LongType)
            .add("label", DataTypes.StringType)
            .add("vector", SQLDataTypes.VectorType());
    Random random = new Random(5);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 700; i++) {
      int label = i < 100 ? 0 : i < 250 ? 1 : i < 400 ? 2 : 3;
      double[] vector = new double[6];
      for (int h = 0; h < 5; h++) {
        double at = 2 * (label >> h & 1) + random.nextGaussian();
        vector[h] = Math.pow(10, h - 2) * (at + h);
      }
      vector[5] = 7;
      rows.add(RowFactory.create((long) i, "label" + label, Vectors.dense(vector)));
    }
    Dataset<Row> labelled = LocalSpark.session().createDataFrame(rows, schema).repartition(3);
    return labelled
        .drop("label")
        .join(Splits.of(labelled, SPLITS).rows(), "row")
        .coalesce(2)
        .cache();
  }

  @Test
  void whatATaskFitsIsWhatMllibFits() {
    Dataset<Row> rows = rows();
    Probes fits = new Probes(rows, CANDIDATE, LABELS, SPLITS);
    Probe[] inTasks = fits.fit(Long.MAX_VALUE);
    Probe[] distributed = fits.fit(0);
    assertThat(inTasks).hasSize(SPLITS + Splits.EXPERIMENTS);
    for (int i = 0; i < inTasks.length; i++) {
      assertThat(inTasks[i].coefficients().toArray())
          .as("probe %d", i)
          .containsExactly(distributed[i].coefficients().toArray(), within(1e-6));
      assertThat(inTasks[i].intercepts().toArray())
          .as("probe %d", i)
          .containsExactly(distributed[i].intercepts().toArray(), within(1e-6));
    }
    // Too large for a task are the splits alone.
    Probe[] both = fits.fit(100 * 6);
    assertThat(both[0].intercepts()).isEqualTo(distributed[0].intercepts());
    assertThat(both[SPLITS].intercepts()).isEqualTo(inTasks[SPLITS].intercepts());
  }

  @Test
  void accuracyIsThatOfAPlainLoopOverTheOtherRows() {
    Dataset<Row> rows = rows();
    Probe[] probes = new Probes(rows, CANDIDATE, LABELS, SPLITS).fit(Probes.VALUES_OF_A_TASK);
    List<Figure> figures = new Probes(rows, CANDIDATE, LABELS, SPLITS).measure();
    double[] right = new double[probes.length];
    double[] all = new double[probes.length];
    for (Row row : rows.select("label_index", "vector", "train").collectAsList()) {
      for (int i = 0; i < probes.length; i++) {
        if (!row.<Boolean>getList(2).get(i < SPLITS ? i : 0)) {
          all[i]++;
          right[i] += probes[i].label(row.<Vector>getAs(1)) == row.getDouble(0) ? 1 : 0;
        }
      }
    }
    double[] splits = figures.get(0).replicates();
    double[] experiments = figures.get(2).replicates();
    assertThat(figures.get(0).measure()).isEqualTo(Measure.PROBE_ACCURACY);
    assertThat(figures.get(2).measure()).isEqualTo(Measure.FEW_SHOT_ACCURACY);
    for (int i = 0; i < probes.length; i++) {
      double found = i < SPLITS ? splits[i] : experiments[i - SPLITS];
      assertThat(found).as("probe %d", i).isEqualTo(right[i] / all[i]).isBetween(0.4, 0.99);
    }
  }
}
