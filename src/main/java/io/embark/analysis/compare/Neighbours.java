package io.embark.analysis.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
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
 * The {@link Neighbourhood} of each candidate on a sample of rows, each found on one executor,
 * which holds the sample's vectors of one candidate.
 *
 * @param rows the sample: numbers of rows, in order
 * @param found one for each candidate
 */
public record Neighbours(List<Long> rows, List<Found> found) {

  /**
   * What was found of one candidate.
   *
   * @param histogram pairs by cosine, {@link Neighbourhood#BARS} bars from -1 to 1
   * @param nearest {@code [n][k]}, places in {@link Neighbours#rows}, nearest first
   */
  public record Found(
      Candidate candidate,
      double mean,
      double sd,
      double hubness,
      long[] histogram,
      int[][] nearest) {}

  private static final StructType INPUT =
      new StructType()
          .add(Groups.GROUP, DataTypes.IntegerType, false)
          .add("row", DataTypes.LongType, false)
          .add("vector", DataTypes.createArrayType(DataTypes.DoubleType, false), false);

  private static final StructType RESULT =
      new StructType()
          .add(Groups.GROUP, DataTypes.IntegerType, false)
          .add("mean", DataTypes.DoubleType, false)
          .add("sd", DataTypes.DoubleType, false)
          .add("hubness", DataTypes.DoubleType, false)
          .add("histogram", DataTypes.createArrayType(DataTypes.LongType, false), false)
          .add("nearest", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
          .add("rows", DataTypes.createArrayType(DataTypes.LongType, false), false);

  /**
   * @param sample columns {@code row bigint} and one of vectors for each candidate, two rows or
   *     more, no nulls
   */
  static Neighbours of(Dataset<Row> sample, List<Candidate> candidates) {
    Column[] columns = new Column[candidates.size() + 1];
    columns[0] = functions.col("row");
    for (int c = 0; c < candidates.size(); c++) {
      columns[c + 1] = functions.col(candidates.get(c).column());
    }
    FlatMapFunction<Row, Row> apart =
        row ->
            IntStream.range(1, row.size())
                .mapToObj(
                    c -> RowFactory.create(c - 1, row.getLong(0), row.<Vector>getAs(c).toArray()))
                .iterator();
    Dataset<Row> vectors = sample.select(columns).flatMap(apart::call, Encoders.row(INPUT));
    List<Row> reduced =
        Groups.reduce(vectors, candidates.size(), "row", RESULT, Collected::new).collectAsList();
    List<Found> found = new ArrayList<>();
    for (int c = 0; c < candidates.size(); c++) {
      int wanted = c;
      Row row = reduced.stream().filter(r -> r.getInt(0) == wanted).findFirst().orElseThrow();
      found.add(found(candidates.get(c), row));
    }
    return new Neighbours(reduced.get(0).getList(6), found);
  }

  private static Found found(Candidate candidate, Row row) {
    long[] histogram = row.<Long>getList(4).stream().mapToLong(Long::longValue).toArray();
    int[] flat = row.<Integer>getList(5).stream().mapToInt(Integer::intValue).toArray();
    int n = row.getList(6).size();
    int k = flat.length / n;
    int[][] nearest = new int[n][];
    for (int i = 0; i < n; i++) {
      nearest[i] = Arrays.copyOfRange(flat, i * k, (i + 1) * k);
    }
    return new Found(
        candidate, row.getDouble(1), row.getDouble(2), row.getDouble(3), histogram, nearest);
  }

  /** Mean share of neighbours that two candidates have in common. */
  double agreement(int a, int b) {
    return IntStream.range(0, rows.size())
        .mapToDouble(
            i -> Neighbourhood.overlap(found.get(a).nearest()[i], found.get(b).nearest()[i]))
        .average()
        .orElse(Double.NaN);
  }

  /** The figures of all candidates. */
  List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    for (int c = 0; c < found.size(); c++) {
      Found of = found.get(c);
      figures.add(Figure.single(of.candidate(), Measure.MEAN_COSINE, of.mean()));
      figures.add(Figure.single(of.candidate(), Measure.SD_COSINE, of.sd()));
      figures.add(Figure.single(of.candidate(), Measure.HUBNESS, of.hubness()));
      int self = c;
      IntStream.range(0, found.size())
          .filter(other -> other != self)
          .mapToDouble(other -> agreement(self, other))
          .average()
          .ifPresent(
              shared ->
                  figures.add(Figure.single(of.candidate(), Measure.NEIGHBOUR_AGREEMENT, shared)));
    }
    return figures;
  }

  /** The vectors of one candidate. */
  private static final class Collected implements Groups.Collector {
    private final int group;
    private final List<Long> rows = new ArrayList<>();
    private final List<double[]> vectors = new ArrayList<>();

    Collected(int group) {
      this.group = group;
    }

    @Override
    public void add(Row row) {
      rows.add(row.getLong(1));
      vectors.add(row.<Double>getList(2).stream().mapToDouble(Double::doubleValue).toArray());
    }

    @Override
    public Row finish() {
      Neighbourhood of = new Neighbourhood(vectors.toArray(double[][]::new));
      int[] nearest = Arrays.stream(of.nearest()).flatMapToInt(Arrays::stream).toArray();
      return RowFactory.create(
          group,
          of.mean(),
          of.sd(),
          of.hubness(),
          of.histogram(),
          nearest,
          rows.toArray(Long[]::new));
    }
  }
}
