package io.embark.analysis.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.embark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

class ClusterTextsTest {
  private static final StructType SCHEMA =
      new StructType()
          .add("cluster", DataTypes.IntegerType)
          .add("text", DataTypes.StringType)
          .add("id", DataTypes.StringType)
          .add("distance", DataTypes.DoubleType)
          .add("similarity", DataTypes.DoubleType);

  private static Row row(Integer cluster, String text, String id, double distance) {
    return RowFactory.create(cluster, text, id, distance, 1 - distance);
  }

  private static Dataset<Row> rows(Row... rows) {
    return LocalSpark.session().createDataFrame(Arrays.asList(rows), SCHEMA).repartition(2);
  }

  /** Cluster 0: cat cat dog; cluster 1: dog fish. A = 5 words / 2 clusters. */
  @Test
  void termsWeighAsTheFormulaSays() {
    Map<Integer, List<DistinctiveTerms.Term>> terms =
        DistinctiveTerms.of(
            rows(
                row(0, "The Cat, the cat!", "a", 0),
                row(0, "dog", "b", 0),
                row(1, "DOG and fish 42", "c", 0),
                row(1, null, "d", 0),
                row(null, "whale", "e", 0)),
            "english",
            5);
    assertThat(terms.get(0)).extracting(DistinctiveTerms.Term::term).containsExactly("cat", "dog");
    assertThat(terms.get(0).get(0).weight())
        .isCloseTo(2 / 3.0 * Math.log(1 + 2.5 / 2), within(1e-12));
    assertThat(terms.get(0).get(1).weight())
        .isCloseTo(1 / 3.0 * Math.log(1 + 2.5 / 2), within(1e-12));
    assertThat(terms.get(1).get(0).term()).isEqualTo("fish");
    assertThat(terms.get(1).get(0).weight())
        .isCloseTo(1 / 2.0 * Math.log(1 + 2.5 / 1), within(1e-12));
    assertThat(
            DistinctiveTerms.of(rows(row(0, "the cat", "a", 0)), DistinctiveTerms.NO_STOP_WORDS, 5)
                .get(0))
        .extracting(DistinctiveTerms.Term::term)
        .containsExactly("cat", "the");
  }

  @Test
  void medoidsAreNearestFirstAndEachTextOnce() {
    Dataset<Row> rows =
        rows(
            row(0, "far", "a", 0.9),
            row(0, "near", "c", 0.1),
            row(0, "near", "b", 0.1),
            row(0, "middle", "d", 0.5),
            row(1, null, "e", 0.2),
            row(null, "none", "f", 0));
    Map<Integer, List<Members.Medoid>> medoids = Members.medoids(rows, 2);
    assertThat(medoids.get(0)).extracting(Members.Medoid::id).containsExactly("b", "d");
    assertThat(medoids.get(1)).extracting(Members.Medoid::text).containsExactly((String) null);
    List<Members.Size> sizes = Members.sizes(rows);
    assertThat(sizes).extracting(Members.Size::rows).containsExactly(4L, 1L);
    assertThat(sizes.get(0).cohesion()).isCloseTo(1 - 0.4, within(1e-12));
    assertThat(sizes.get(0).distance()).isCloseTo(0.4, within(1e-12));
  }

  @Test
  void nearDuplicatesAreFoundWithinTheirCluster() {
    String text = "How do I reset the password of my account when I have lost my phone?";
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      rows.add(row(0, text.replace("?", "!".repeat(i)).toUpperCase(Locale.ROOT), "", 0));
    }
    rows.add(row(1, text, "", 0));
    rows.add(row(1, "Which fee do I pay for a transfer to another country by card?", "", 0));
    rows.add(row(1, "hi", "", 0));
    rows.add(row(1, " HI ", "", 0));
    rows.add(row(1, "  ", "", 0));
    rows.add(row(1, "  ", "", 0));
    rows.add(row(1, null, "", 0));
    NearDuplicates.Found found = NearDuplicates.of(rows(rows.toArray(Row[]::new)), 0.7, 1, 1000, 3);
    assertThat(found.complete()).isTrue();
    assertThat(found.groups().get(0)).hasSize(1);
    assertThat(found.groups().get(0).get(0).rows()).isEqualTo(4);
    assertThat(found.groups().get(0).get(0).texts()).hasSize(3);
    assertThat(found.groups().get(1)).hasSize(1);
    assertThat(found.groups().get(1).get(0).texts()).containsExactlyInAnyOrder("hi", " HI ");

    assertThat(NearDuplicates.of(rows(rows.toArray(Row[]::new)), 0.7, 1, 1, 3).complete())
        .isFalse();
  }

  @Test
  void shinglesAreOfFiveCharacters() {
    assertThat(NearDuplicates.shingles(" Ab\n cdef ")).containsExactly(" cdef", "ab cd", "b cde");
    assertThat(NearDuplicates.shingles("abc")).containsExactly("abc");
    assertThat(NearDuplicates.shingles(" \t")).isEmpty();
  }
}
