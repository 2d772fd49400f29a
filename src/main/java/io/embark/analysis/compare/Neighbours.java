package io.embark.analysis.compare;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.posexplode;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * The {@link Neighbourhood} of each candidate on a sample of rows, each found on one executor,
 * which holds the sample's vectors of one candidate.
 *
 * @param rows the sample: numbers of rows, in order
 */
public record Neighbours(List<Long> rows, List<Found> found) {
  /**
   * Figures and neighbours of one candidate.
   *
   * @param mean cosine of two different vectors: 0 where they point everywhere, near 1 in a cone
   * @param histogram pairs by cosine, {@link Neighbourhood#BARS} bars from -1 to 1
   * @param nearest {@code [n][k]}, places in {@link Neighbours#rows}, nearest first
   */
  public record Found(
      Candidate candidate,
      double mean,
      double sd,
      double hubness,
      long[] histogram,
      int[][] nearest)
      implements Serializable {}

  /** Texts whose neighbours two candidates share least. */
  public record Examples(String first, String second, List<Example> texts) {
    static final Examples NONE = new Examples("", "", List.of());
  }

  /** A text, and the texts nearest to it by both candidates, nearest first. */
  public record Example(String text, List<String> first, List<String> second) {}

  private static final int EXAMPLES = 6;
  private static final int NEAREST = 3;

  /** Longer texts are cut, for a report to stay readable. */
  private static final int CHARS = 240;

  /**
   * @param sample columns {@code row bigint} and one of vectors for each candidate, two rows or
   *     more, no nulls
   */
  static Neighbours of(Dataset<Row> sample, List<Candidate> candidates) {
    Column[] vectors = candidates.stream().map(c -> col(c.column())).toArray(Column[]::new);
    Dataset<Row> apart =
        sample
            .select(posexplode(array(vectors)).as(new String[] {"candidate", "vector"}), col("row"))
            .repartition(candidates.size(), col("candidate"));
    FlatMapGroupsFunction<Integer, Row, Found> find =
        (candidate, rows) -> List.of(find(candidates.get(candidate), rows)).iterator();
    List<Found> found =
        apart
            .groupBy("candidate")
            .as(Encoders.INT(), Encoders.row(apart.schema()))
            .flatMapSortedGroups(
                new Column[] {col("row")}, find, Encoders.javaSerialization(Found.class))
            .collectAsList();
    return new Neighbours(
        sample.select("row").orderBy("row").as(Encoders.LONG()).collectAsList(),
        found.stream()
            .sorted(Comparator.comparingInt(f -> candidates.indexOf(f.candidate())))
            .toList());
  }

  private static Found find(Candidate candidate, Iterator<Row> rows) {
    List<double[]> vectors = new ArrayList<>();
    rows.forEachRemaining(row -> vectors.add(row.<Vector>getAs("vector").toArray()));
    return Neighbourhood.of(candidate, vectors.toArray(double[][]::new));
  }

  /** Mean fraction of neighbours that two candidates have in common. */
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
      int self = c;
      Found of = found.get(c);
      Candidate candidate = of.candidate();
      figures.add(Figure.single(candidate, Measure.MEAN_COSINE, of.mean()));
      figures.add(Figure.single(candidate, Measure.SD_COSINE, of.sd()));
      figures.add(Figure.single(candidate, Measure.HUBNESS, of.hubness()));
      IntStream.range(0, found.size())
          .filter(other -> other != self)
          .mapToDouble(other -> agreement(self, other))
          .average()
          .ifPresent(
              shared -> figures.add(Figure.single(candidate, Measure.NEIGHBOUR_AGREEMENT, shared)));
    }
    return figures;
  }

  /** The {@code text} of rows whose neighbours a candidate shares least with any other. */
  Examples examples(Dataset<Row> texts, String first) {
    List<String> names = found.stream().map(f -> f.candidate().name()).toList();
    int a = names.indexOf(first);
    Optional<Integer> farthest =
        IntStream.range(0, names.size())
            .filter(c -> c != a)
            .boxed()
            .min(Comparator.comparingDouble(c -> agreement(a, c)));
    if (farthest.isEmpty()) {
      return Examples.NONE;
    }
    int[][] nearA = found.get(a).nearest();
    int[][] nearB = found.get(farthest.get()).nearest();
    List<Integer> chosen =
        IntStream.range(0, rows.size())
            .boxed()
            .sorted(Comparator.comparingDouble(i -> Neighbourhood.overlap(nearA[i], nearB[i])))
            .limit(EXAMPLES)
            .toList();
    Set<Long> wanted = new TreeSet<>();
    for (int i : chosen) {
      wanted.add(rows.get(i));
      wanted.addAll(nearest(nearA[i]));
      wanted.addAll(nearest(nearB[i]));
    }
    Map<Long, String> text = new HashMap<>();
    texts
        .where(col("row").isin(wanted.toArray()))
        .select("row", "text")
        .collectAsList()
        .forEach(row -> text.put(row.getLong(0), cut(row.getString(1))));
    List<Example> examples = new ArrayList<>();
    for (int i : chosen) {
      List<String> byA = nearest(nearA[i]).stream().map(text::get).toList();
      List<String> byB = nearest(nearB[i]).stream().map(text::get).toList();
      examples.add(new Example(text.get(rows.get(i)), byA, byB));
    }
    return new Examples(first, names.get(farthest.get()), examples);
  }

  private List<Long> nearest(int[] places) {
    return IntStream.of(places).limit(NEAREST).mapToObj(rows::get).toList();
  }

  private static String cut(String text) {
    return text.codePointCount(0, text.length()) <= CHARS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, CHARS)) + " ..";
  }
}
