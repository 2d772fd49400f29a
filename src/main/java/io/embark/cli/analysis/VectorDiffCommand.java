package io.embark.cli.analysis;

import static org.apache.spark.sql.functions.*;

import io.embark.UserError;
import io.embark.cli.ExitCode;
import io.embark.cli.JobSettings;
import io.embark.cli.Subcommand;
import io.embark.cli.Words;
import io.embark.input.TableRows;
import io.embark.spark.column.Columns;
import java.io.IOException;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Measures how far the vectors of two runs over the same rows lie apart, for jobs/verify-gpu.sh.
 * Exits with 1 if that is too far, or if a row or a status differs.
 */
@Command(
    name = "vector-diff",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "Compares the column embedding of two outputs, row by row.")
public final class VectorDiffCommand implements Subcommand {
  @Parameters(index = "0", paramLabel = "LEFT", description = "Output of one run.")
  private String left;

  @Parameters(index = "1", paramLabel = "RIGHT", description = "Output of the other run.")
  private String right;

  @Option(names = "--id-col", defaultValue = "id", description = "Tells rows apart.")
  private String id;

  @Option(
      names = "--max-abs",
      defaultValue = "1e-4",
      description = "The most that any value may differ. Default: ${DEFAULT-VALUE}.")
  private double maxAbs;

  @Option(
      names = "--min-cosine",
      defaultValue = "0.99999",
      description = "The least cosine of a pair. Default: ${DEFAULT-VALUE}.")
  private double minCosine;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    SparkSession spark = SparkSession.builder().appName("embark vector-diff").getOrCreate();
    try {
      Dataset<Row> a = rows(spark, left, "a");
      Dataset<Row> b = rows(spark, right, "b");
      Column same = col("a_status").eqNullSafe(col("b_status"));
      Column both = col("a_vector").isNotNull().and(col("b_vector").isNotNull());
      Row found =
          a.join(b, col("a_id").equalTo(col("b_id")), "full_outer")
              .agg(
                  count(lit(1)),
                  count(when(not(same), 1)),
                  count(when(both, 1)),
                  max(when(both, distance("max-abs", VectorDiffCommand::maxDifference))),
                  min(when(both, distance("cosine", VectorDiffCommand::cosine))))
              .head();
      return report(found) ? 0 : ExitCode.FAILED;
    } finally {
      spark.stop();
    }
  }

  private Dataset<Row> rows(SparkSession spark, String output, String side) throws IOException {
    Column status = col("status").as(side + "_status");
    Column vector = col("embedding").as(side + "_vector");
    Path path = JobSettings.path("output", output, spark.sparkContext().hadoopConfiguration());
    Dataset<Row> rows =
        TableRows.read(spark, "output", path)
            .select(Columns.of(id).as(side + "_id"), status, vector);
    long all = rows.count();
    long ids = rows.select(side + "_id").distinct().count();
    if (ids != all) {
      throw new UserError(
          "Column '%s' of %s has %d values for %d rows; name one that tells rows apart (--id-col)."
              .formatted(id, output, ids, all));
    }
    return rows;
  }

  private static Column distance(String name, UDF2<Vector, Vector, Double> distance) {
    return udf(distance, DataTypes.DoubleType)
        .withName(name)
        .apply(col("a_vector"), col("b_vector"));
  }

  private boolean report(Row found) {
    long rows = found.getLong(0);
    long differ = found.getLong(1);
    long vectors = found.getLong(2);
    double apart = vectors == 0 ? Double.NaN : found.getDouble(3);
    double cosine = vectors == 0 ? Double.NaN : found.getDouble(4);
    // NaN, as from a vector that is not finite, is never within bounds.
    boolean fine = vectors > 0 && differ == 0 && apart <= maxAbs && cosine >= minCosine;
    new Words(spec.commandLine().getOut())
        .printf(
            "%s: %d rows, %d missing or with another status, %d pairs of vectors, largest"
                + " difference %.2e (at most %.0e), least cosine %.7f (at least %s)%n",
            fine ? "alike" : "APART", rows, differ, vectors, apart, maxAbs, cosine, minCosine);
    return fine;
  }

  private static double maxDifference(Vector left, Vector right) {
    requireSameSize(left, right);
    return IntStream.range(0, left.size())
        .mapToDouble(i -> Math.abs(left.apply(i) - right.apply(i)))
        .max()
        .orElse(0);
  }

  private static double cosine(Vector left, Vector right) {
    requireSameSize(left, right);
    return left.dot(right) / (Vectors.norm(left, 2) * Vectors.norm(right, 2));
  }

  private static void requireSameSize(Vector left, Vector right) {
    if (left.size() != right.size()) {
      throw new UserError(
          "Vectors of %d and %d values cannot be compared.".formatted(left.size(), right.size()));
    }
  }
}
