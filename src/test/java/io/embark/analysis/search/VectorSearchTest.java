package io.embark.analysis.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.embark.spark.VectorColumn;
import io.embark.spark.column.OutputType;
import io.embark.testing.EmbeddedTables;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class VectorSearchTest {
  private static final int DIMENSION = 24;

  private static List<float[]> random(int rows, long seed) {
    Random random = new Random(seed);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      float[] vector = new float[DIMENSION];
      float length = 0.1f + 3 * random.nextFloat();
      for (int h = 0; h < DIMENSION; h++) {
        vector[h] = length * (float) random.nextGaussian();
      }
      vectors.add(i % 17 == 3 ? null : vector);
    }
    return vectors;
  }

  private static List<String> texts(int rows) {
    return IntStream.range(0, rows).mapToObj(i -> "text " + i).toList();
  }

  private static Dataset<Row> table(OutputType type, List<float[]> vectors, int partitions) {
    return EmbeddedTables.of(type, texts(vectors.size()), vectors, partitions);
  }

  private static Dataset<Row> queries(List<float[]> vectors) {
    return EmbeddedTables.of(OutputType.FLOAT, texts(vectors.size()), vectors, 2)
        .withColumn("query_id", functions.expr("cast(substring(id, 2) as bigint)"))
        .withColumn("query", functions.col("text"));
  }

  private static VectorSearch search(Dataset<Row> table, Metric metric, int most) {
    return new VectorSearch(table, "embedding", List.of("id", "text"), metric, most);
  }

  private record Found(String id, double score) {}

  private static Map<Long, List<Found>> found(Dataset<Row> hits) {
    Map<Long, List<Found>> byQuery = new TreeMap<>();
    for (Row hit : hits.orderBy("query_id", "rank").collectAsList()) {
      List<Found> list = byQuery.computeIfAbsent(hit.getLong(0), id -> new ArrayList<>());
      list.add(new Found(hit.getAs("id"), hit.<Double>getAs("score")));
      assertThat(hit.<Integer>getAs("rank")).isEqualTo(list.size());
      assertThat(hit.<String>getAs("query")).isEqualTo("text " + hit.getLong(0));
    }
    return byQuery;
  }

  /** Every score of one query, by the textbook, nearest first. */
  private static List<Found> bruteForce(Dataset<Row> table, float[] query, Metric metric) {
    VectorColumn reader = VectorColumn.of(table.schema(), "embedding");
    List<Found> all = new ArrayList<>();
    for (Row row : table.collectAsList()) {
      float[] vector = reader.read(row);
      if (vector != null) {
        double dot = 0;
        double a = 0;
        double b = 0;
        double apart = 0;
        for (int h = 0; h < query.length; h++) {
          dot += (double) query[h] * vector[h];
          a += (double) query[h] * query[h];
          b += (double) vector[h] * vector[h];
          apart += Math.pow((double) query[h] - vector[h], 2);
        }
        double score =
            switch (metric) {
              case COSINE -> dot / Math.sqrt(a * b);
              case DOT -> dot;
              case EUCLIDEAN -> Math.sqrt(apart);
            };
        all.add(new Found(row.getAs("id"), score));
      }
    }
    Comparator<Found> nearest = Comparator.comparingDouble(f -> f.score);
    all.sort((metric == Metric.EUCLIDEAN ? nearest : nearest.reversed()).thenComparing(Found::id));
    return all;
  }

  private static void assertExact(Dataset<Row> table, List<float[]> asked, Metric metric) {
    int most = 7;
    Map<Long, List<Found>> found =
        found(search(table, metric, most).of(queries(asked), "embedding"));
    for (int q = 0; q < asked.size(); q++) {
      if (asked.get(q) == null) {
        assertThat(found).doesNotContainKey((long) q);
        continue;
      }
      List<Found> wanted = bruteForce(table, asked.get(q), metric).subList(0, most);
      List<Found> hits = found.get((long) q);
      assertThat(hits).extracting(Found::id).isEqualTo(wanted.stream().map(Found::id).toList());
      for (int i = 0; i < most; i++) {
        assertThat(hits.get(i).score).isCloseTo(wanted.get(i).score, within(1e-9));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void givesWhatBruteForceGives(Metric metric) {
    // More rows than a tile of 256 in each partition.
    assertExact(table(OutputType.VECTOR, random(1500, 1), 3), random(25, 2), metric);
  }

  @ParameterizedTest
  @EnumSource(OutputType.class)
  void readsVectorsStoredAsAnyType(OutputType type) {
    assertExact(table(type, random(200, 3), 2), random(6, 4), Metric.COSINE);
  }

  @Test
  void moreQueriesThanATileOfTheProduct() {
    assertExact(table(OutputType.FLOAT, random(40, 5), 2), random(1100, 6), Metric.COSINE);
  }

  /** 100,000 hits a query leave room for two queries in a block. */
  @Test
  void queriesGoThroughTheTableInBlocks() {
    Dataset<Row> table = table(OutputType.FLOAT, random(30, 7), 2);
    List<float[]> asked = random(9, 8);
    Map<Long, List<Found>> found =
        found(search(table, Metric.DOT, 100_000).of(queries(asked), "embedding"));
    assertThat(found).hasSize(8).doesNotContainKey(3L);
    for (Map.Entry<Long, List<Found>> hits : found.entrySet()) {
      List<Found> wanted = bruteForce(table, asked.get(hits.getKey().intValue()), Metric.DOT);
      assertThat(hits.getValue())
          .extracting(Found::id)
          .isEqualTo(wanted.stream().map(Found::id).toList());
    }
  }

  /** Equal scores, and scores that differ by less than a float's rounding. */
  @ParameterizedTest
  @CsvSource({"1", "2", "5"})
  void rowsEquallyNearComeInTheOrderOfTheirIds(int partitions) {
    List<float[]> vectors = new ArrayList<>();
    float[] one = random(1, 9).get(0);
    for (int i = 0; i < 600; i++) {
      float[] vector = one.clone();
      // The double product tells these apart; a float product in another order does not.
      vector[0] = i % 3 == 0 ? Math.nextUp(vector[0]) : vector[0];
      vectors.add(vector);
    }
    Dataset<Row> table = table(OutputType.FLOAT, vectors, partitions);
    List<float[]> asked = List.of(random(1, 12).get(0));
    assertExact(table, asked, Metric.DOT);
    assertExact(table, asked, Metric.COSINE);
    assertExact(table, asked, Metric.EUCLIDEAN);
  }

  @Test
  void vectorsOfZerosHaveNoCosineButAnyDistance() {
    List<float[]> vectors = List.of(new float[DIMENSION], random(1, 10).get(0));
    Dataset<Row> table = table(OutputType.FLOAT, vectors, 1);
    List<float[]> asked = List.of(random(1, 11).get(0));
    Dataset<Row> byCosine = search(table, Metric.COSINE, 5).of(queries(asked), "embedding");
    assertThat(found(byCosine).get(0L)).extracting(Found::id).containsExactly("r0001");
    Dataset<Row> byDistance = search(table, Metric.EUCLIDEAN, 5).of(queries(asked), "embedding");
    assertThat(found(byDistance).get(0L)).hasSize(2);
    List<float[]> zeros = List.of(new float[DIMENSION]);
    assertThat(found(search(table, Metric.COSINE, 5).of(queries(zeros), "embedding"))).isEmpty();
  }

  @Test
  void aVectorThatIsNotFiniteFailsRatherThanHides() {
    float[] bad = new float[DIMENSION];
    bad[4] = Float.NaN;
    Dataset<Row> table = table(OutputType.FLOAT, List.of(bad), 1);
    Dataset<Row> hits =
        search(table, Metric.DOT, 5).of(queries(List.of(random(1, 1).get(0))), "embedding");
    assertThatThrownBy(hits::collectAsList).hasMessageContaining("NaN or infinity");
  }

  @Test
  void columnsThatCannotComeBackAreRefused() {
    Dataset<Row> table = table(OutputType.FLOAT, random(3, 1), 1);
    assertThatThrownBy(() -> new VectorSearch(table, "embedding", List.of("nope"), Metric.DOT, 1))
        .hasMessageContaining("No column 'nope'");
    assertThatThrownBy(
            () ->
                new VectorSearch(
                    table.withColumn("rank", functions.lit(1)),
                    "embedding",
                    List.of("rank"),
                    Metric.DOT,
                    1))
        .hasMessageContaining("named like one of the result");
    assertThatThrownBy(
            () -> new VectorSearch(table, "embedding", List.of("embedding"), Metric.DOT, 1))
        .hasMessageContaining("holds the vectors");
  }
}
