package io.embark.analysis.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.compare.PairScores.Similarity;
import io.embark.analysis.measure.ClusterAgreement;
import io.embark.analysis.measure.Interval;
import io.embark.analysis.measure.PairCorrelation.Resample;
import io.embark.pooling.Norm;
import io.embark.post.LinearVectorModel;
import io.embark.post.PostChoice;
import io.embark.post.Whitening;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.stat.correlation.Covariance;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Figures that Spark computes against plain loops over the same numbers. */
class ComparerTest {
  private static final int PAIRS = 90;
  private static final List<Candidate> TWO =
      List.of(new Candidate("good", 3), new Candidate("noise", 3));

  private final Random random = new Random(3);

  private double[] vector() {
    return random.doubles(3, -1, 1).toArray();
  }

  /** By counting: as many smaller values, and half of the others that are equal. */
  private static double[] ranks(double[] values) {
    return Arrays.stream(values)
        .map(
            v ->
                Arrays.stream(values).filter(o -> o < v).count()
                    + Arrays.stream(values).filter(o -> o == v).count() / 2.0)
        .toArray();
  }

  private static double pearson(double[] x, double[] y) {
    double mx = Arrays.stream(x).average().orElseThrow();
    double my = Arrays.stream(y).average().orElseThrow();
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xy += (x[i] - mx) * (y[i] - my);
      xx += (x[i] - mx) * (x[i] - mx);
      yy += (y[i] - my) * (y[i] - my);
    }
    return xy / Math.sqrt(xx) / Math.sqrt(yy);
  }

  private static double[] again(double[] values, int[] counts) {
    return IntStream.range(0, values.length)
        .flatMap(i -> IntStream.range(0, counts[i]).map(n -> i))
        .mapToDouble(i -> values[i])
        .toArray();
  }

  @Test
  void correlationsAndTheirResamplesAreThoseOfAPlainLoop() {
    StructType schema =
        new StructType()
            .add("pair", DataTypes.LongType)
            .add("score", DataTypes.DoubleType)
            .add("a_good", SQLDataTypes.VectorType())
            .add("b_good", SQLDataTypes.VectorType())
            .add("a_noise", SQLDataTypes.VectorType())
            .add("b_noise", SQLDataTypes.VectorType());
    List<Row> rows = new ArrayList<>();
    double[] scores = new double[PAIRS];
    double[][] a = new double[PAIRS][];
    double[][] b = new double[PAIRS][];
    for (int i = 0; i < PAIRS; i++) {
      a[i] = vector();
      b[i] = vector();
      // Ties among scores, as in human ones.
      scores[i] =
          Math.rint(
              4 * Similarity.COSINE.of(Vectors.dense(a[i]), Vectors.dense(b[i]))
                  + random.nextGaussian());
      rows.add(
          RowFactory.create(
              (long) i,
              scores[i],
              Vectors.dense(a[i]),
              Vectors.dense(b[i]),
              Vectors.dense(vector()),
              Vectors.dense(vector())));
    }
    Dataset<Row> pairs = LocalSpark.session().createDataFrame(rows, schema).repartition(3);
    List<Figure> figures = PairScores.measure(pairs, TWO);

    assertThat(figures).hasSize(16);
    double[] cosine = new double[PAIRS];
    double[] dot = new double[PAIRS];
    double[] euclidean = new double[PAIRS];
    double[] manhattan = new double[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
      double aa = 0;
      double bb = 0;
      double squares = 0;
      for (int h = 0; h < 3; h++) {
        dot[i] += a[i][h] * b[i][h];
        aa += a[i][h] * a[i][h];
        bb += b[i][h] * b[i][h];
        squares += Math.pow(a[i][h] - b[i][h], 2);
        manhattan[i] -= Math.abs(a[i][h] - b[i][h]);
      }
      cosine[i] = dot[i] / Math.sqrt(aa * bb);
      euclidean[i] = -Math.sqrt(squares);
    }
    double[][] found = {cosine, dot, euclidean, manhattan};
    for (Similarity similarity : Similarity.values()) {
      double[] x = found[similarity.ordinal()];
      assertThat(figure(figures, "good", similarity.spearman).value())
          .as(similarity.name())
          .isCloseTo(pearson(ranks(x), ranks(scores)), within(1e-9));
      assertThat(figure(figures, "good", similarity.pearson).value())
          .as(similarity.name())
          .isCloseTo(pearson(x, scores), within(1e-9));
    }
    Figure spearman = figure(figures, "good", Measure.SPEARMAN_MANHATTAN);
    assertThat(spearman.replicates()).hasSize(PairScores.REPLICATES);
    // The first resample, drawn out and ranked anew.
    int[] counts = new Resample(PAIRS, PairScores.SEED).draw();
    assertThat(spearman.replicates()[0])
        .isCloseTo(
            pearson(ranks(again(manhattan, counts)), ranks(again(scores, counts))), within(1e-9));
    Interval interval = spearman.interval().orElseThrow();
    assertThat(interval.contains(spearman.value())).isTrue();

    Ranking ranking =
        Ranking.of(
            Measure.SPEARMAN_COSINE,
            figures.stream().filter(f -> f.measure() == Measure.SPEARMAN_COSINE).toList());
    assertThat(ranking.places().get(0).figure().candidate().name()).isEqualTo("good");
    assertThat(ranking.of("noise").orElseThrow().beyondNoise()).isTrue();
  }

  private static Figure figure(List<Figure> figures, String candidate, Measure measure) {
    return figures.stream()
        .filter(f -> f.measure() == measure && f.candidate().name().equals(candidate))
        .findFirst()
        .orElseThrow();
  }

  /** Three labels: {@code good} points another way for each, {@code noise} anywhere. */
  private Dataset<Row> labelled(int perLabel, int ofLast) {
    StructType schema =
        new StructType()
            .add("row", DataTypes.LongType)
            .add("label", DataTypes.StringType)
            .add("v_good", SQLDataTypes.VectorType())
            .add("v_noise", SQLDataTypes.VectorType());
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 2 * perLabel + ofLast; i++) {
      int label = Math.min(2, i / perLabel);
      double[] good = Arrays.stream(vector()).map(v -> v / 20).toArray();
      good[label] += 1;
      rows.add(
          RowFactory.create(
              (long) i, "label" + label, Vectors.dense(good), Vectors.dense(vector())));
    }
    return LocalSpark.session().createDataFrame(rows, schema).repartition(3);
  }

  private static Dataset<Row> of(Dataset<Row> rows, Splits splits, Candidate candidate) {
    return rows.join(splits.rows(), "row")
        .withColumnRenamed(candidate.column(), "vector")
        .select("row", "vector", "label_index", "train", "shot")
        .coalesce(1)
        .cache();
  }

  @Test
  void probesAndClustersFindLabelsWhereTheyAre() {
    Dataset<Row> rows = labelled(40, 40);
    Splits splits = Splits.of(rows, 2);
    assertThat(splits.labels()).containsExactly("label0", "label1", "label2");
    Dataset<Row> good = of(rows, splits, TWO.get(0));
    List<Figure> figures = new ArrayList<>(new Probes(good, TWO.get(0), 3, 2).measure());
    figures.addAll(Clusterings.measure(good, TWO.get(0), 3, 3, 2));
    for (Measure perfect :
        new Measure[] {
          Measure.PROBE_ACCURACY,
          Measure.PROBE_MACRO_F1,
          Measure.FEW_SHOT_ACCURACY,
          Measure.V_MEASURE,
          Measure.NMI,
          Measure.ARI,
          Measure.CLUSTER_ACCURACY,
          Measure.STABILITY
        }) {
      assertThat(figure(figures, "good", perfect).value())
          .as(perfect.title)
          .isCloseTo(1, within(1e-9));
    }
    assertThat(figure(figures, "good", Measure.SILHOUETTE).value()).isGreaterThan(0.9);
    Dataset<Row> noise = of(rows, splits, TWO.get(1));
    List<Figure> chance = new ArrayList<>(new Probes(noise, TWO.get(1), 3, 2).measure());
    chance.addAll(Clusterings.measure(noise, TWO.get(1), 3, 3, 2));
    assertThat(figure(chance, "noise", Measure.PROBE_ACCURACY).value()).isBetween(0.05, 0.65);
    assertThat(figure(chance, "noise", Measure.ARI).value()).isBetween(-0.1, 0.3);
  }

  @Test
  void splitsTakeTheSameShareOfEveryLabel() {
    Dataset<Row> rows = labelled(40, 12).union(labelled(1, 1));
    List<Row> drawn = Splits.of(labelled(40, 12), 2).rows().orderBy("row").collectAsList();
    assertThat(rows.count()).isEqualTo(95);
    int[] train = new int[3];
    int[] shots = new int[3];
    for (Row row : drawn) {
      int label = (int) row.getDouble(1);
      List<Boolean> in = row.getList(2);
      train[label] += in.get(0) ? 1 : 0;
      List<Boolean> shot = row.getList(3);
      assertThat(shot).hasSize(Splits.EXPERIMENTS);
      shots[label] += shot.get(4) ? 1 : 0;
      if (shot.contains(true)) {
        assertThat(in.get(0)).isTrue();
      }
    }
    assertThat(train).containsExactly(30, 30, 9);
    assertThat(shots).containsExactly(8, 8, 8);
    assertThat(drawn.stream().map(r -> r.<Boolean>getList(2).get(0)).toList())
        .isNotEqualTo(drawn.stream().map(r -> r.<Boolean>getList(2).get(1)).toList());
    assertThat(drawn.stream().map(r -> r.<Boolean>getList(3).get(0)).toList())
        .isNotEqualTo(drawn.stream().map(r -> r.<Boolean>getList(3).get(1)).toList());
  }

  @Test
  void labelsWithTooFewRowsAreRefusedOrLeftOut() {
    assertThat(Splits.of(labelled(10, 3), 2).labels()).containsExactly("label0", "label1");
    assertThatThrownBy(() -> Splits.of(labelled(1, 30), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fewer than two labels with 4 rows or more");
  }

  @Test
  void neighboursAreThoseOfAPlainLoop() {
    Dataset<Row> rows = labelled(15, 15);
    Neighbours found = Neighbours.of(rows, TWO);
    assertThat(found.rows())
        .containsExactlyElementsOf(IntStream.range(0, 45).mapToObj(i -> (long) i).toList());
    double[][] vectors =
        rows.orderBy("row").select("v_noise").collectAsList().stream()
            .map(r -> r.<org.apache.spark.ml.linalg.Vector>getAs(0).toArray().clone())
            .toArray(double[][]::new);
    Neighbours.Found wanted = Neighbourhood.of(TWO.get(1), vectors);
    assertThat(found.found().get(1).nearest()).isEqualTo(wanted.nearest());
    assertThat(found.found().get(1).mean()).isEqualTo(wanted.mean());
    assertThat(found.agreement(0, 0)).isEqualTo(1);
    assertThat(found.agreement(0, 1)).isEqualTo(found.agreement(1, 0)).isLessThan(0.6);
    assertThat(found.figures()).hasSize(8);
  }

  /** Silhouette and stability as they are defined, over the clusters that MLlib finds again. */
  @Test
  void silhouetteAndStabilityAreThoseOfAPlainLoop() {
    Dataset<Row> rows =
        labelled(15, 15).select(functions.col("v_noise").as("vector")).coalesce(1).cache();
    List<Figure> figures = Clusterings.measure(rows, TWO.get(1), 0, 4, 2);
    double[] silhouettes = new double[2];
    int[][] clusters = new int[2][];
    for (int seed = 0; seed < 2; seed++) {
      List<Row> clustered =
          new KMeans()
              .setK(4)
              .setSeed(seed + 1)
              .setDistanceMeasure("cosine")
              .setFeaturesCol("vector")
              .fit(rows)
              .transform(rows)
              .select("vector", "prediction")
              .collectAsList();
      double[][] vectors =
          clustered.stream()
              .map(r -> r.<org.apache.spark.ml.linalg.Vector>getAs(0).toArray())
              .toArray(double[][]::new);
      clusters[seed] = clustered.stream().mapToInt(r -> r.getInt(1)).toArray();
      silhouettes[seed] = silhouette(vectors, clusters[seed]);
    }
    assertThat(figure(figures, "noise", Measure.SILHOUETTE).value())
        .isCloseTo((silhouettes[0] + silhouettes[1]) / 2, within(1e-6));
    long[][] shared = new long[4][4];
    for (int i = 0; i < clusters[0].length; i++) {
      shared[clusters[0][i]][clusters[1][i]]++;
    }
    assertThat(figure(figures, "noise", Measure.STABILITY).value())
        .isCloseTo(new ClusterAgreement(shared).adjustedRandIndex(), within(1e-9));
  }

  /** Rousseeuw (1987), with 1 - cosine; 0 for a row that is alone in its cluster. */
  private static double silhouette(double[][] vectors, int[] clusters) {
    int n = vectors.length;
    double all = 0;
    for (int i = 0; i < n; i++) {
      double[] sums = new double[4];
      int[] sizes = new int[4];
      for (int j = 0; j < n; j++) {
        if (i != j) {
          sums[clusters[j]] +=
              1 - Similarity.COSINE.of(Vectors.dense(vectors[i]), Vectors.dense(vectors[j]));
          sizes[clusters[j]]++;
        }
      }
      if (sizes[clusters[i]] > 0) {
        double own = sums[clusters[i]] / sizes[clusters[i]];
        double next = Double.POSITIVE_INFINITY;
        for (int c = 0; c < 4; c++) {
          next = c == clusters[i] || sizes[c] == 0 ? next : Math.min(next, sums[c] / sizes[c]);
        }
        all += (next - own) / Math.max(next, own);
      }
    }
    return all / n;
  }

  @Test
  void effectiveRankOfAHandCase() {
    assertThat(Comparer.effectiveRank(new double[] {4, 4, 4})).isCloseTo(3, within(1e-12));
    assertThat(Comparer.effectiveRank(new double[] {9, 0, -1e-18})).isCloseTo(1, within(1e-12));
    assertThat(Comparer.effectiveRank(new double[] {0, 0})).isNaN();
  }

  @Test
  void effectiveRankIsThatOfTheCovariance() {
    Dataset<Row> rows = labelled(15, 15).select(functions.col("v_noise").as("vector")).cache();
    double[][] vectors =
        rows.collectAsList().stream()
            .map(r -> r.<org.apache.spark.ml.linalg.Vector>getAs(0).toArray())
            .toArray(double[][]::new);
    double[] singular =
        Arrays.stream(
                new EigenDecomposition(new Covariance(vectors).getCovarianceMatrix())
                    .getRealEigenvalues())
            .map(Math::sqrt)
            .toArray();
    double sum = Arrays.stream(singular).sum();
    double entropy = Arrays.stream(singular).map(s -> -s / sum * Math.log(s / sum)).sum();
    assertThat(Comparer.effectiveRank(rows, 3)).isCloseTo(Math.exp(entropy), within(1e-6));
  }

  /** A map that is fitted for the comparison gives what the estimator gives, scaled after it. */
  @Test
  void variantsAreMappedThenScaled(@TempDir Path directory) throws IOException {
    Dataset<Row> rows = labelled(15, 15).cache();
    Variants variants =
        new Variants(List.of(PostChoice.NONE, PostChoice.of("whitening:2")), Norm.L2);
    try (Scratch scratch =
        new Scratch(
            LocalSpark.session(), new org.apache.hadoop.fs.Path(directory.toUri().toString()))) {
      Variants.Tables made = variants.of(scratch, new Variants.Tables(TWO, rows, Optional.empty()));
      assertThat(made.candidates())
          .containsExactly(
              TWO.get(0),
              new Candidate("good+whitening:2", 2),
              TWO.get(1),
              new Candidate("noise+whitening:2", 2));
      assertThat(made.texts().columns())
          .containsExactly(
              "row", "label", "v_good", "v_good+whitening:2", "v_noise", "v_noise+whitening:2");
      LinearVectorModel map =
          new Whitening().setK(2).setInputCol("v_noise").setOutputCol("w").fit(rows);
      List<Row> wanted = map.transform(rows).orderBy("row").collectAsList();
      List<Row> found = made.texts().orderBy("row").collectAsList();
      for (int i = 0; i < found.size(); i++) {
        double[] w = wanted.get(i).<org.apache.spark.ml.linalg.Vector>getAs("w").toArray();
        double[] f =
            found.get(i).<org.apache.spark.ml.linalg.Vector>getAs("v_noise+whitening:2").toArray();
        double length = Math.hypot(w[0], w[1]);
        assertThat(f).containsExactly(new double[] {w[0] / length, w[1] / length}, within(1e-6));
        org.apache.spark.ml.linalg.Vector plain = found.get(i).getAs("v_noise");
        assertThat(Similarity.DOT.of(plain, plain)).isCloseTo(1, within(1e-6));
      }
    }
  }
}
