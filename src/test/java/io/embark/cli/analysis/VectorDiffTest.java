package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.JobRun;
import io.embark.testing.LocalSpark;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorDiffTest {
  private static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.LongType)
          .add("status", DataTypes.StringType)
          .add("embedding", SQLDataTypes.VectorType());

  @TempDir Path directory;

  private static Row row(long id, double... values) {
    return RowFactory.create(id, "OK", Vectors.dense(values));
  }

  private static Row blank(long id) {
    return RowFactory.create(id, "BLANK_TEXT", null);
  }

  private JobRun diff(List<Row> left, List<Row> right) {
    Path a = directory.resolve("a");
    Path b = directory.resolve("b");
    LocalSpark.session().createDataFrame(left, SCHEMA).write().parquet(a.toString());
    LocalSpark.session().createDataFrame(right, SCHEMA).write().parquet(b.toString());
    return JobRun.of("vector-diff", a.toString(), b.toString());
  }

  @Test
  void rowsInAnyOrderAreAlikeWithinTheBounds() {
    JobRun run =
        diff(
            List.of(row(1, 1, 0), row(2, 0.6, 0.8), blank(3)),
            List.of(blank(3), row(2, 0.60005, 0.8), row(1, 1, 0)));

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("alike: 3 rows, 0 missing", "2 pairs", "5.00e-05");
  }

  @Test
  void oneValueTooFarAwayIsFound() {
    JobRun run =
        diff(List.of(row(1, 1, 0), row(2, 0.6, 0.8)), List.of(row(1, 1, 0), row(2, 0.61, 0.8)));

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).contains("APART", "1.00e-02");
  }

  @Test
  void aMissingRowAndAnotherStatusAreFound() {
    JobRun run =
        diff(
            Arrays.asList(row(1, 1, 0), row(2, 1, 0), row(3, 1, 0)),
            List.of(row(1, 1, 0), blank(2)));

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).contains("APART: 3 rows, 2 missing or with another status, 1 pairs");
  }

  @Test
  void whatIsNoNumberIsNeverAlike() {
    JobRun run = diff(List.of(row(1, 1, 0)), List.of(row(1, Double.NaN, 0)));

    assertThat(run.exitCode()).isEqualTo(1);
  }

  @Test
  void outputsWithoutOneVectorAreNotAlike() {
    assertThat(diff(List.of(blank(1)), List.of(blank(1))).exitCode()).isEqualTo(1);
  }

  @Test
  void idsThatDoNotTellRowsApartAreRefused() {
    JobRun run = diff(List.of(row(1, 1, 0), row(1, 0, 1)), List.of(row(1, 1, 0)));

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.error()).contains("1 values for 2 rows", "--id-col");
  }
}
