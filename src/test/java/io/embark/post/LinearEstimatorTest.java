package io.embark.post;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.commons.math3.stat.correlation.Covariance;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinearEstimatorTest {
  private static final int N = 3000;

  @TempDir Path directory;

  private static Dataset<Row> table(List<double[]> vectors, Metadata metadata) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.IntegerType)
            .add("embedding", SQLDataTypes.VectorType(), true, metadata);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < vectors.size(); i++) {
      double[] vector = vectors.get(i);
      rows.add(RowFactory.create(i, vector == null ? null : Vectors.dense(vector)));
    }
    return LocalSpark.session().createDataFrame(rows, schema).repartition(4);
  }

  /** A correlated Gaussian with a mean, its spread from 100 to 0.01. */
  private static List<double[]> gaussian(int dimension, int rank) {
    Random random = new Random(11);
    double[][] mix = new double[rank][dimension];
    for (int r = 0; r < rank; r++) {
      for (int h = 0; h < dimension; h++) {
        mix[r][h] = random.nextGaussian() * Math.pow(10, 2 - 4.0 * r / rank);
      }
    }
    List<double[]> vectors = new ArrayList<>();
    for (int i = 0; i < N; i++) {
      double[] vector = new double[dimension];
      for (int h = 0; h < dimension; h++) {
        vector[h] = 5;
      }
      for (int r = 0; r < rank; r++) {
        double z = random.nextGaussian();
        for (int h = 0; h < dimension; h++) {
          vector[h] += z * mix[r][h];
        }
      }
      vectors.add(vector);
    }
    return vectors;
  }

  private static double[][] values(Dataset<Row> rows, String column) {
    return rows.where(column + " IS NOT NULL").orderBy("id").collectAsList().stream()
        .map(row -> row.<Vector>getAs(column).toArray())
        .toArray(double[][]::new);
  }

  private static void assertIdentity(double[][] vectors) {
    double[][] covariance = new Covariance(vectors).getCovarianceMatrix().getData();
    for (int i = 0; i < covariance.length; i++) {
      for (int j = 0; j < covariance.length; j++) {
        assertThat(covariance[i][j]).isCloseTo(i == j ? 1 : 0, within(1e-6));
      }
    }
  }

  @Test
  void whiteningGivesIdentityCovarianceAndKeepsNulls() {
    List<double[]> vectors = gaussian(12, 12);
    vectors.set(17, null);
    Dataset<Row> rows = table(vectors, Metadata.empty());
    LinearVectorModel model = new Whitening().setOutputCol("white").fit(rows);
    Dataset<Row> white = model.transform(rows);
    assertThat(white.count()).isEqualTo(N);
    assertThat(
            white
                .where("white IS NULL")
                .select("id")
                .as(org.apache.spark.sql.Encoders.INT())
                .collectAsList())
        .containsExactly(17);
    double[][] found = values(white, "white");
    assertThat(found).hasNumberOfRows(N - 1);
    assertIdentity(found);
  }

  @Test
  void whiteningKeepsTheFirstDirections() {
    Dataset<Row> rows = table(gaussian(12, 12), Metadata.empty());
    double[][] all = values(new Whitening().setOutputCol("w").fit(rows).transform(rows), "w");
    double[][] few =
        values(new Whitening().setK(3).setOutputCol("w").fit(rows).transform(rows), "w");
    assertThat(few[0]).hasSize(3);
    for (int i = 0; i < N; i++) {
      for (int h = 0; h < 3; h++) {
        assertThat(few[i][h]).isCloseTo(all[i][h], within(1e-9));
      }
    }
  }

  /** Vectors in a subspace, rounded to 32 bits as a model's are. */
  @Test
  void whiteningLeavesOutDirectionsWithoutVariance() {
    List<double[]> vectors = gaussian(12, 1);
    gaussian(12, 7).forEach(vectors::add);
    vectors.subList(0, N).clear();
    for (double[] vector : vectors) {
      for (int h = 0; h < vector.length; h++) {
        vector[h] = (float) vector[h];
      }
    }
    Dataset<Row> rows = table(vectors, Metadata.empty());
    LinearVectorModel model = new Whitening().setOutputCol("w").fit(rows);
    assertThat(model.outputDimension()).isEqualTo(7);
    assertIdentity(values(model.transform(rows), "w"));
  }

  @Test
  void whiteningOfEqualVectorsIsRefused() {
    List<double[]> equal = List.of(new double[] {1, 2}, new double[] {1, 2}, new double[] {1, 2});
    assertThatThrownBy(() -> new Whitening().fit(table(equal, Metadata.empty())))
        .hasMessageContaining("all the same");
    assertThatThrownBy(() -> new Whitening().fit(table(equal.subList(0, 1), Metadata.empty())))
        .hasMessageContaining("holds 1 vectors; at least 2");
    assertThatThrownBy(() -> new Whitening().setK(3).fit(table(gaussian(2, 2), Metadata.empty())))
        .hasMessageContaining("k is 3, but the vectors have 2 values");
    assertThatThrownBy(() -> new Whitening().setInputCol("id").fit(table(equal, Metadata.empty())))
        .hasMessageContaining("Column 'id' holds int");
  }

  /** What is left has mean 0 and no part in the removed direction. */
  @Test
  void meanCenteringRemovesMeanAndTop() {
    // Its greatest direction is known: (3, 4) / 5.
    Random random = new Random(2);
    List<double[]> vectors = new ArrayList<>();
    for (int i = 0; i < N; i++) {
      double z = random.nextGaussian() * 100;
      vectors.add(
          new double[] {7 + 0.6 * z + random.nextGaussian(), 0.8 * z + random.nextGaussian()});
    }
    Dataset<Row> rows = table(vectors, Metadata.empty());
    double[][] centred =
        values(new MeanCentering().setOutputCol("c").fit(rows).transform(rows), "c");
    double[][] rest =
        values(
            new MeanCentering().setComponents(1).setOutputCol("c").fit(rows).transform(rows), "c");
    double mean = 0;
    double along = 0;
    for (int i = 0; i < N; i++) {
      mean += centred[i][0] / N;
      along += Math.abs(0.6 * rest[i][0] + 0.8 * rest[i][1]) / N;
      assertThat(centred[i][0] - centred[0][0])
          .isCloseTo(vectors.get(i)[0] - vectors.get(0)[0], within(1e-9));
    }
    assertThat(mean).isCloseTo(0, within(1e-9));
    assertThat(along).isLessThan(0.01);
    assertThatThrownBy(() -> new MeanCentering().setComponents(2).fit(rows))
        .hasMessageContaining("components is 2, but the vectors have 2 values");
  }

  @Test
  void savedModelGivesTheSameVectors() throws IOException {
    Dataset<Row> rows = table(gaussian(6, 6), Metadata.empty());
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  new MeanCentering().setComponents(1).setOutputCol("centred"),
                  new Whitening().setK(4).setInputCol("centred").setOutputCol("white")
                });
    PipelineModel model = pipeline.fit(rows);
    String path = directory.resolve("model").toString();
    model.write().save(path);
    PipelineModel loaded = PipelineModel.load(path);
    assertThat(values(loaded.transform(rows), "white"))
        .isDeepEqualTo(values(model.transform(rows), "white"));
    assertThat(((LinearVectorModel) loaded.stages()[1]).fingerprint())
        .isEqualTo(((LinearVectorModel) model.stages()[1]).fingerprint());
    String estimator = directory.resolve("estimator").toString();
    pipeline.write().save(estimator);
    double[][] fittedAgain = values(Pipeline.load(estimator).fit(rows).transform(rows), "white");
    double[][] wanted = values(model.transform(rows), "white");
    for (int i = 0; i < N; i++) {
      // Partitions are summed up in the order they finish in.
      assertThat(fittedAgain[i]).containsExactly(wanted[i], within(1e-9));
    }
  }

  /** Whitened vectors must not be taken for those of the model alone. */
  @Test
  void metadataTellsOfTheMap() {
    Metadata embark =
        new MetadataBuilder()
            .putMetadata(
                "embark",
                new MetadataBuilder()
                    .putString("fingerprint", "f00")
                    .putString("model", "m")
                    .putLong("dimension", 6)
                    .build())
            .build();
    Dataset<Row> rows = table(gaussian(6, 6), embark);
    LinearVectorModel model = new Whitening("w1").setK(4).setOutputCol("white").fit(rows);
    Metadata made = model.transform(rows).schema().apply("white").metadata().getMetadata("embark");
    assertThat(made.getString("model")).isEqualTo("m");
    assertThat(made.getLong("dimension")).isEqualTo(4);
    assertThat(made.getString("post")).isEqualTo("whitening:4");
    assertThat(made.getString("postFingerprint")).isEqualTo(model.fingerprint());
    assertThat(made.getLong("postRows")).isEqualTo(N);
    assertThat(made.getString("modelFingerprint")).isEqualTo("f00");
    assertThat(made.getLong("modelDimension")).isEqualTo(6);
    assertThat(made.getString("fingerprint")).hasSize(64);
    Dataset<Row> white = model.transform(rows);
    Metadata twice =
        new MeanCentering()
            .setComponents(1)
            .setInputCol("white")
            .setOutputCol("twice")
            .fit(white)
            .transform(white)
            .schema()
            .apply("twice")
            .metadata()
            .getMetadata("embark");
    assertThat(twice.getString("post")).isEqualTo("whitening:4,all-but-the-top:1");
    assertThat(twice.getString("modelFingerprint")).isEqualTo("f00");
    assertThat(twice.getLong("modelDimension")).isEqualTo(6);
    assertThat(twice.getString("fingerprint")).isNotEqualTo(made.getString("fingerprint"));
    assertThat(model.transformSchema(rows.schema())).isEqualTo(model.transform(rows).schema());
  }
}
