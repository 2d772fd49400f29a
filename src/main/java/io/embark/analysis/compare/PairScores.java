package io.embark.analysis.compare;

import io.embark.analysis.measure.PairCorrelation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * How well similarities of pairs of texts agree with scores that people gave. Similarities are
 * computed where the vectors lie; each candidate and similarity is then brought together on one
 * executor, 16 bytes a pair, for ranks and resamples.
 */
final class PairScores {
  static final int REPLICATES = 1000;
  static final long SEED = 20_260_101;

  private static final StructType SCORED =
      new StructType()
          .add(Groups.GROUP, DataTypes.IntegerType, false)
          .add("pair", DataTypes.LongType, false)
          .add("similarity", DataTypes.DoubleType, false)
          .add("score", DataTypes.DoubleType, false);

  private static final StructType RESULT =
      new StructType()
          .add(Groups.GROUP, DataTypes.IntegerType, false)
          .add("spearman", DataTypes.DoubleType, false)
          .add("spearmans", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("pearson", DataTypes.DoubleType, false)
          .add("pearsons", DataTypes.createArrayType(DataTypes.DoubleType, false), false);

  private PairScores() {}

  /**
   * @param pairs columns {@code pair bigint}, {@code score double}, and for each candidate vectors
   *     {@code a_NAME} and {@code b_NAME}, no nulls
   */
  static List<Figure> measure(Dataset<Row> pairs, List<Candidate> candidates) {
    Similarity[] similarities = Similarity.values();
    List<Column> columns = new ArrayList<>();
    columns.add(functions.col("pair"));
    columns.add(functions.col("score"));
    for (Candidate candidate : candidates) {
      columns.add(functions.col(candidate.column("a")));
      columns.add(functions.col(candidate.column("b")));
    }
    int count = candidates.size();
    FlatMapFunction<Row, Row> score =
        row -> {
          List<Row> scored = new ArrayList<>(count * similarities.length);
          for (int c = 0; c < count; c++) {
            double[] a = row.<Vector>getAs(2 + 2 * c).toArray();
            double[] b = row.<Vector>getAs(3 + 2 * c).toArray();
            for (Similarity similarity : similarities) {
              scored.add(
                  RowFactory.create(
                      c * similarities.length + similarity.ordinal(),
                      row.getLong(0),
                      similarity.of(a, b),
                      row.getDouble(1)));
            }
          }
          return scored.iterator();
        };
    Dataset<Row> scored =
        pairs.select(columns.toArray(Column[]::new)).flatMap(score::call, Encoders.row(SCORED));
    List<Figure> figures = new ArrayList<>();
    int groups = count * similarities.length;
    for (Row row : Groups.reduce(scored, groups, "pair", RESULT, Correlated::new).collectAsList()) {
      Candidate candidate = candidates.get(row.getInt(0) / similarities.length);
      Similarity similarity = similarities[row.getInt(0) % similarities.length];
      figures.add(new Figure(candidate, similarity.spearman(), row.getDouble(1), doubles(row, 2)));
      figures.add(new Figure(candidate, similarity.pearson(), row.getDouble(3), doubles(row, 4)));
    }
    return figures;
  }

  /**
   * What a reader should know of resamples without a correlation, if there are any: with few scores
   * that differ from the rest, some resamples have none of them.
   */
  static Optional<String> note(List<Figure> figures) {
    long missing =
        figures.stream()
            .filter(f -> f.measure() == Measure.SPEARMAN_COSINE && f.isNumber())
            .mapToLong(f -> DoubleStream.of(f.replicates()).filter(Double::isNaN).count())
            .max()
            .orElse(0);
    return missing == 0
        ? Optional.empty()
        : Optional.of(
            "%d of %d resamples of the pairs have equal scores or similarities only, so no correlation; %s"
                .formatted(
                    missing,
                    REPLICATES,
                    Spread.tooManyMissing(missing, REPLICATES)
                        ? "these are too many for an interval, and nothing says what is beyond noise: give more pairs with different scores"
                        : "intervals are those of the others"));
  }

  private static double[] doubles(Row row, int column) {
    return row.<Double>getList(column).stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** The pairs of one candidate and similarity. */
  private static final class Correlated implements Groups.Collector {
    private final int group;
    private final DoubleStream.Builder similarities = DoubleStream.builder();
    private final DoubleStream.Builder scores = DoubleStream.builder();

    Correlated(int group) {
      this.group = group;
    }

    @Override
    public void add(Row row) {
      similarities.add(row.getDouble(2));
      scores.add(row.getDouble(3));
    }

    @Override
    public Row finish() {
      PairCorrelation pairs =
          new PairCorrelation(similarities.build().toArray(), scores.build().toArray());
      // The same seed, so the same draws, in every group.
      return RowFactory.create(
          group,
          pairs.spearman(),
          pairs.replicates(pairs::spearman, REPLICATES, SEED),
          pairs.pearson(),
          pairs.replicates(pairs::pearson, REPLICATES, SEED));
    }
  }
}
