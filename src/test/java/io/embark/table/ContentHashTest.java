package io.embark.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.spark.column.Columns;
import io.embark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContentHashTest {
  private static long hash(String value) {
    Dataset<Row> rows = LocalSpark.session().sql("SELECT " + value + " AS `the value`");
    DataType type = rows.schema().apply(0).dataType();
    return rows.select(ContentHash.of(Columns.of("the value"), type)).head().getLong(0);
  }

  /** In each line the last value differs from the first ones, which are equal. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "map('a', 1, 'b', 2) | map('b', 2, 'a', 1) | map('b', 1, 'a', 2)",
        "map(X'00ff', 1, X'01', 2) | map(X'01', 2, X'00ff', 1) | map(X'01', 1, X'00ff', 2)",
        "map(struct(1, 'x'), 1, struct(2, 'y'), 2) | map(struct(2, 'y'), 2, struct(1, 'x'), 1)"
            + " | map(struct(2, 'y'), 1, struct(1, 'x'), 2)",
        "map(array(1, null), 'v') | map(array(1, null), 'v') | map(array(null, 1), 'v')",
        "array(map('a', 1, 'b', 2)) | array(map('b', 2, 'a', 1)) | array(map('a', 2, 'b', 1))",
        "struct(map('a', map('x', 1, 'y', 2)) AS m) | struct(map('a', map('y', 2, 'x', 1)) AS m)"
            + " | struct(map('x', map('a', 1, 'y', 2)) AS m)",
        "map('k', array(map('a', 1, 'b', 2), null)) | map('k', array(map('b', 2, 'a', 1), null))"
            + " | map('k', array(null, map('b', 2, 'a', 1)))",
        "map('a', double('NaN')) | map('a', double('NaN')) | map('a', double('Infinity'))",
        "array(0.0D, 1.0D) | array(-0.0D, 1.0D) | array(1.0D, 0.0D)",
        "map('a', 0.0F) | map('a', -0.0F) | map('a', 1.0F)",
        "map('a', string(null)) | map('a', string(null)) | map('a', 'null')",
        "map('a', string(null)) | map('a', string(null)) | map('b', string(null))",
        "map('a', 1) | map('a', 1) | map()",
        "map('a', 1) | map('a', 1) | CAST(NULL AS map<string, int>)",
        "map() | map() | CAST(NULL AS map<string, int>)",
        "array(array(1), array(2, 3)) | array(array(1), array(2, 3)) | array(array(1, 2), array(3))",
        "array(int(null)) | array(int(null)) | array(int(null), null)",
        "array() | array() | CAST(NULL AS array<int>)",
        "struct(int(null) AS a) | struct(int(null) AS a) | CAST(NULL AS struct<a: int>)",
        "struct(1 AS a, int(null) AS A) | struct(1 AS a, int(null) AS A)"
            + " | struct(int(null) AS a, 1 AS A)",
        "struct(1 AS `a.b`, 2 AS `c``d`) | struct(1 AS `a.b`, 2 AS `c``d`)"
            + " | struct(2 AS `a.b`, 1 AS `c``d`)",
        "array(X'ff') | array(X'ff') | array(X'fe')",
        "array(CAST(X'ff' AS STRING)) | array(CAST(X'ff' AS STRING)) | array(CAST(X'fe' AS STRING))",
        "array(timestamp'2020-01-01 00:00:00.000001') | array(timestamp'2020-01-01 00:00:00.000001')"
            + " | array(timestamp'2020-01-01 00:00:00.000002')"
      })
  void equalContentHasEqualHashes(String value, String same, String other) {
    assertThat(hash(same)).isEqualTo(hash(value));
    assertThat(hash(other)).isNotEqualTo(hash(value));
  }

  @Test
  void vectorsOfMLlibAreSeenInto() {
    List<Row> rows = new ArrayList<>();
    rows.add(RowFactory.create(Vectors.dense(1, 2)));
    rows.add(RowFactory.create(Vectors.dense(1, 2)));
    rows.add(RowFactory.create(Vectors.dense(1, 3)));
    rows.add(RowFactory.create((Object) null));
    DataType type = org.apache.spark.ml.linalg.SQLDataTypes.VectorType();
    StructType schema =
        new StructType(new StructField[] {new StructField("v", type, true, Metadata.empty())});
    List<Long> hashes =
        LocalSpark.session()
            .createDataFrame(rows, schema)
            .select(ContentHash.of(Columns.of("v"), type))
            .collectAsList()
            .stream()
            .map(row -> row.getLong(0))
            .toList();
    assertThat(hashes.get(0)).isEqualTo(hashes.get(1));
    assertThat(Set.copyOf(hashes)).hasSize(3);
  }

  /** What a killed run has done and what is left are found in two JVMs. */
  @Test
  void aRowWithAMapIsInTheSameSliceHoweverItsEntriesStand() {
    String[] forms = {"map(X'00ff', id, X'01', -id)", "map(X'01', -id, X'00ff', id)"};
    List<List<List<Long>>> slices = new ArrayList<>();
    for (String form : forms) {
      Dataset<Row> rows =
          LocalSpark.session().range(100).selectExpr("id", form + " AS m").coalesce(1);
      Dataset<Row> cut = Slices.undone(rows, 7, null, Set.of(2));
      slices.add(
          cut.javaRDD().map(row -> row.getLong(0)).glom().collect().stream()
              .map(slice -> slice.stream().sorted().toList())
              .toList());
    }
    assertThat(slices.get(0)).hasSize(7).isEqualTo(slices.get(1));
    assertThat(slices.get(0).get(2)).isEmpty();
    assertThat(slices.get(0)).filteredOn(List::isEmpty).hasSize(1);
  }
}
