package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.*;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.analysis.measure.PairCorrelation;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.DoubleStream;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;

/**
 * Correlations of the similarities of pairs of texts with scores that people gave. For ranks and
 * resamples each candidate and similarity comes together on one executor, 16 bytes a pair.
 */
final class PairScores {
  static final int REPLICATES = 1000;
  static final long SEED = 20_260_101;

  /** A measure of how alike two vectors are; more is more alike. */
  enum Similarity {
    /** 0 for a vector of length 0. */
    COSINE(Measure.SPEARMAN_COSINE, Measure.PEARSON_COSINE, Similarity::cosine),
    DOT(Measure.SPEARMAN_DOT, Measure.PEARSON_DOT, Similarity::dot),
    /** The distance, negative. */
    EUCLIDEAN(
        Measure.SPEARMAN_EUCLIDEAN,
        Measure.PEARSON_EUCLIDEAN,
        (a, b) -> -Math.sqrt(Vectors.sqdist(a, b))),
    /** The distance, negative. */
    MANHATTAN(Measure.SPEARMAN_MANHATTAN, Measure.PEARSON_MANHATTAN, Similarity::manhattan);

    final Measure spearman;
    final Measure pearson;
    private final ToDoubleBiFunction<Vector, Vector> function;

    Similarity(Measure spearman, Measure pearson, ToDoubleBiFunction<Vector, Vector> function) {
      this.spearman = spearman;
      this.pearson = pearson;
      this.function = function;
    }

    double of(Vector a, Vector b) {
      return function.applyAsDouble(a, b);
    }

    private static double manhattan(Vector a, Vector b) {
      double sum = 0;
      for (int i = 0; i < a.size(); i++) {
        sum -= Math.abs(a.apply(i) - b.apply(i));
      }
      return sum;
    }

    private static double cosine(Vector a, Vector b) {
      double lengths = Vectors.norm(a, 2) * Vectors.norm(b, 2);
      return lengths == 0 ? 0 : dot(a, b) / lengths;
    }

    /** {@code Vector.dot} sums in another order where the JVM has vector instructions. */
    private static double dot(Vector a, Vector b) {
      double sum = 0;
      for (int i = 0; i < a.size(); i++) {
        sum += a.apply(i) * b.apply(i);
      }
      return sum;
    }
  }

  private static final Similarity[] SIMILARITIES = Similarity.values();

  private PairScores() {}

  /**
   * @param pairs columns {@code pair bigint}, {@code score double}, and for each candidate vectors
   *     {@code a_NAME} and {@code b_NAME}, no nulls
   */
  static List<Figure> measure(Dataset<Row> pairs, List<Candidate> candidates) {
    UDF2<Vector, Vector, double[]> similarities =
        (a, b) -> Arrays.stream(SIMILARITIES).mapToDouble(s -> s.of(a, b)).toArray();
    UserDefinedFunction alike =
        udf(similarities, DataTypes.createArrayType(DataTypes.DoubleType, false));
    Column[] ofCandidates =
        candidates.stream()
            .map(c -> alike.apply(col(c.column("a")), col(c.column("b"))))
            .toArray(Column[]::new);
    Column series =
        posexplode(flatten(array(ofCandidates))).as(new String[] {"series", "similarity"});
    Dataset<Row> scored =
        pairs
            .select(series, col("pair"), col("score"))
            .repartition(candidates.size() * SIMILARITIES.length, col("series"));
    FlatMapGroupsFunction<Integer, Row, Figure> correlate =
        (one, rows) -> {
          Candidate candidate = candidates.get(one / SIMILARITIES.length);
          return correlations(candidate, SIMILARITIES[one % SIMILARITIES.length], rows).iterator();
        };
    return scored
        .groupBy("series")
        .as(Encoders.INT(), Encoders.row(scored.schema()))
        .flatMapSortedGroups(
            new Column[] {col("pair")}, correlate, Encoders.javaSerialization(Figure.class))
        .collectAsList();
  }

  private static List<Figure> correlations(
      Candidate candidate, Similarity similarity, Iterator<Row> rows) {
    DoubleStream.Builder similarities = DoubleStream.builder();
    DoubleStream.Builder scores = DoubleStream.builder();
    rows.forEachRemaining(
        row -> {
          similarities.add(row.<Double>getAs("similarity"));
          scores.add(row.<Double>getAs("score"));
        });
    PairCorrelation pairs =
        new PairCorrelation(similarities.build().toArray(), scores.build().toArray());
    // The same seed, so the same draws, in every series.
    double[] spearmans = pairs.replicates(pairs::spearman, REPLICATES, SEED);
    double[] pearsons = pairs.replicates(pairs::pearson, REPLICATES, SEED);
    return List.of(
        new Figure(candidate, similarity.spearman, pairs.spearman(), spearmans),
        new Figure(candidate, similarity.pearson, pairs.pearson(), pearsons));
  }

  /** A note on resamples that lack the few scores that differ, and so have no correlation. */
  static Optional<String> note(List<Figure> figures) {
    long missing =
        figures.stream()
            .filter(f -> f.measure() == Measure.SPEARMAN_COSINE && f.isNumber())
            .mapToLong(f -> DoubleStream.of(f.replicates()).filter(Double::isNaN).count())
            .max()
            .orElse(0);
    if (missing == 0) {
      return Optional.empty();
    }
    String effect =
        Measure.Spread.tooManyMissing(missing, REPLICATES)
            ? "these are too many for an interval, and nothing says what is beyond noise: give more"
                + " pairs with different scores"
            : "intervals are those of the others";
    return Optional.of(
        "%d of %d resamples of the pairs have equal scores or similarities only, so no correlation; %s"
            .formatted(missing, REPLICATES, effect));
  }
}
