package io.embark.analysis.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.UserError;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.OutputType;
import io.embark.testing.EmbeddedTables;
import io.embark.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClusteringTest {
  private static final int DIMENSION = 16;
  private static final int[] SIZES = {20, 60, 40, 30};
  private static final Algorithm.Training TRAINING = new Algorithm.Training(1, 20, 2);

  @TempDir Path directory;

  /** Four bundles of directions of very different lengths, a null and a zero. */
  private static List<float[]> bundles() {
    Random random = new Random(5);
    List<float[]> vectors = new ArrayList<>();
    for (int b = 0; b < SIZES.length; b++) {
      for (int i = 0; i < SIZES[b]; i++) {
        float[] vector = new float[DIMENSION];
        float length = 0.01f + 10 * random.nextFloat();
        for (int h = 0; h < DIMENSION; h++) {
          float direction = h / 4 == b ? 1 : -0.3f;
          vector[h] = length * (direction + 0.1f * (float) random.nextGaussian());
        }
        vectors.add(vector);
      }
    }
    vectors.add(null);
    vectors.add(new float[DIMENSION]);
    return vectors;
  }

  private static Dataset<Row> table(OutputType type) {
    List<float[]> vectors = bundles();
    List<String> texts = IntStream.range(0, vectors.size()).mapToObj(i -> "t" + i).toList();
    return EmbeddedTables.of(type, texts, vectors, 3);
  }

  private static ClusterModel fit(Dataset<Row> table, Algorithm algorithm, int k) {
    return new Clustering(algorithm, DistanceMeasure.COSINE, TRAINING)
        .fit(Features.of(table, "embedding"), k, ColumnProvenance.of(table.schema(), "embedding"));
  }

  /** By id, which tells the bundle: bundles 1, 2, 3, 0 by size. */
  private static void assertBundles(Dataset<Row> clustered) {
    List<Row> rows = clustered.orderBy("id").collectAsList();
    int[] numbers = {3, 0, 1, 2};
    int at = 0;
    for (int b = 0; b < SIZES.length; b++) {
      for (int i = 0; i < SIZES[b]; i++) {
        assertThat(rows.get(at).<Integer>getAs("cluster")).as("row %d", at).isEqualTo(numbers[b]);
        assertThat(rows.get(at++).<Double>getAs("distance")).isBetween(0.0, 0.4);
      }
    }
    assertThat(rows.get(at).isNullAt(rows.get(at).fieldIndex("cluster"))).isTrue();
    assertThat(rows.get(at).isNullAt(rows.get(at).fieldIndex("distance"))).isTrue();
    assertThat(rows).hasSize(at + 2);
  }

  @Test
  void findsBundlesOfDirectionsAndNumbersThemBySize() {
    Dataset<Row> table = table(OutputType.VECTOR);
    Dataset<Row> clustered = fit(table, Algorithm.KMEANS, 4).transform(table);
    assertThat(clustered.columns())
        .containsExactly("id", "text", "embedding", "cluster", "distance");
    assertBundles(clustered);
    Row zero = clustered.where("id = 'r0151'").head();
    assertThat(zero.isNullAt(zero.fieldIndex("cluster"))).isTrue();
  }

  /** Found on one type, used on others: the columns' metadata tell how to read each. */
  @Test
  void aSavedPipelineScoresTablesOfAnyType() throws IOException {
    Dataset<Row> table = table(OutputType.INT8);
    ClusterModel model = fit(table, Algorithm.KMEANS, 4);
    String path = directory.resolve("model").toString();
    new Pipeline().setStages(new PipelineStage[] {model}).fit(table).write().save(path);
    PipelineModel loaded = PipelineModel.load(path);
    assertThat(loaded.transform(table).orderBy("id").select("cluster", "distance").collectAsList())
        .isEqualTo(
            model.transform(table).orderBy("id").select("cluster", "distance").collectAsList());
    for (OutputType type : OutputType.values()) {
      assertBundles(loaded.transform(table(type)));
    }
  }

  /** As saved before the class moved to this package. */
  @Test
  void aPipelineSavedUnderTheFormerNameLoads() throws IOException {
    Dataset<Row> table = table(OutputType.FLOAT);
    ClusterModel model = fit(table, Algorithm.KMEANS, 4);
    Path path = directory.resolve("former");
    new Pipeline().setStages(new PipelineStage[] {model}).fit(table).write().save(path.toString());
    Path metadata = path.resolve("stages/0_" + model.uid() + "/metadata/part-00000");
    String text = Files.readString(metadata);
    String name = "\"class\":\"%s\"";
    String now = name.formatted(ClusterModel.class.getName());
    assertThat(text).contains(now);
    Files.writeString(
        metadata, text.replace(now, name.formatted("io.embark.clustering.ClusterModel")));
    Files.delete(metadata.resolveSibling(".part-00000.crc"));
    assertThat(PipelineModel.load(path.toString()).transform(table).orderBy("id").collectAsList())
        .isEqualTo(model.transform(table).orderBy("id").collectAsList());
  }

  @ParameterizedTest
  @EnumSource(DistanceMeasure.class)
  void distancesAreThoseToTheCentre(DistanceMeasure measure) {
    Dataset<Row> table = table(OutputType.FLOAT);
    ClusterModel model =
        new Clustering(Algorithm.KMEANS, measure, TRAINING)
            .fit(
                Features.of(table, "embedding"),
                5,
                ColumnProvenance.of(table.schema(), "embedding"))
            .setSimilarityCol("similarity");
    Vector[] centres = model.centres();
    Dataset<Row> clustered = model.transform(table);
    VectorColumn vectors = VectorColumn.of(clustered.schema(), "embedding");
    for (Row row : clustered.where("cluster is not null").collectAsList()) {
      float[] vector = vectors.read(row);
      double[] centre = centres[row.<Integer>getAs("cluster")].toArray();
      double dot = 0;
      double a = 0;
      double b = 0;
      double apart = 0;
      for (int h = 0; h < DIMENSION; h++) {
        dot += vector[h] * centre[h];
        a += (double) vector[h] * vector[h];
        b += centre[h] * centre[h];
        apart += Math.pow(vector[h] - centre[h], 2);
      }
      double cosine = dot / Math.sqrt(a * b);
      assertThat(row.<Double>getAs("similarity")).isCloseTo(cosine, within(1e-9));
      assertThat(row.<Double>getAs("distance"))
          .isCloseTo(
              measure == DistanceMeasure.COSINE ? 1 - cosine : Math.sqrt(apart), within(1e-9));
    }
  }

  /** Where bisecting ends depends on the first cut; that it splits as asked and saves does not. */
  @Test
  void bisectingSavesAndScoresLikeItself() throws IOException {
    Dataset<Row> table = table(OutputType.FLOAT);
    ClusterModel model = fit(table, Algorithm.BISECTING, 4);
    String path = directory.resolve("bisecting").toString();
    model.write().save(path);
    Dataset<Row> scored = ClusterModel.load(path).transform(table);
    assertThat(scored.select("cluster").na().drop().distinct().count()).isEqualTo(4);
    assertThat(scored.orderBy("id").collectAsList())
        .isEqualTo(model.transform(table).orderBy("id").collectAsList());
  }

  @Test
  void aStageOfAnotherKindIsNotTakenForOne() throws IOException {
    String path = directory.resolve("another").toString();
    new Pipeline().setStages(new PipelineStage[0]).write().overwrite().save(path);
    assertThatThrownBy(() -> ClusterModel.load(path))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("holds a org.apache.spark.ml.Pipeline, wanted a io.embark");
  }

  @Test
  void theSameSeedGivesTheSameClusters() {
    Dataset<Row> table = table(OutputType.FLOAT);
    assertThat(fit(table, Algorithm.KMEANS, 7).transform(table).orderBy("id").collectAsList())
        .isEqualTo(fit(table, Algorithm.KMEANS, 7).transform(table).orderBy("id").collectAsList());
  }

  @Test
  void theBestNumberOfClustersIsThatOfTheBundles() {
    Dataset<Row> features = Features.of(table(OutputType.FLOAT), "embedding").cache();
    Clustering clustering =
        new Clustering(Algorithm.KMEANS, DistanceMeasure.COSINE, new Algorithm.Training(1, 30, 5));
    List<Clustering.Choice> choices = clustering.choices(features, 2, 6);
    assertThat(choices).extracting(Clustering.Choice::k).containsExactly(2, 3, 4, 5, 6);
    assertThat(Clustering.best(choices).k()).isEqualTo(4);
    assertThat(Clustering.elbow(choices).k()).isEqualTo(4);
    assertThat(Clustering.best(choices).silhouette()).isGreaterThan(0.8);
    features.unpersist();
  }

  @Test
  void elbowIsFarthestFromTheLine() {
    List<Clustering.Choice> choices =
        List.of(
            new Clustering.Choice(2, 0.1, 100),
            new Clustering.Choice(3, 0.3, 40),
            new Clustering.Choice(4, 0.3, 30),
            new Clustering.Choice(10, Double.NaN, 10));
    assertThat(Clustering.elbow(choices).k()).isEqualTo(3);
    assertThat(Clustering.best(choices).k()).isEqualTo(3);
  }

  @Test
  void longRangesAreThinnedOutInEqualRatios() {
    assertThat(Clustering.candidates(2, 13)).hasSize(12);
    assertThat(Clustering.candidates(5, 50)).startsWith(5, 6).endsWith(50).hasSize(12);
    assertThat(Clustering.candidates(2, 14))
        .hasSizeLessThanOrEqualTo(12)
        .startsWith(2)
        .endsWith(14);
  }

  @Test
  void vectorsMadeDifferentlyAreRefused() {
    Dataset<Row> table = table(OutputType.FLOAT);
    ClusterModel model = fit(table, Algorithm.KMEANS, 4);
    Dataset<Row> shorter =
        EmbeddedTables.of(OutputType.FLOAT, List.of("a"), List.of(new float[] {1, 2}), 1);
    assertThatThrownBy(() -> model.transform(shorter))
        .hasMessageContaining("made differently")
        .hasMessageContaining("2 values");
    assertThatThrownBy(() -> model.transform(LocalSpark.texts(1, "a")))
        .hasMessageContaining("No column 'embedding'");
    assertThatThrownBy(() -> model.transform(table.withColumnRenamed("text", "cluster")))
        .hasMessageContaining("column 'cluster' already");
  }
}
