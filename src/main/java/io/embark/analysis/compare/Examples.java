package io.embark.analysis.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Texts of the sample whose neighbours two candidates share least.
 *
 * @param first name of one candidate
 * @param second name of the one that agrees with it least
 */
public record Examples(String first, String second, List<Example> texts) {
  private static final int TEXTS = 6;
  private static final int NEAREST = 3;

  /** Longer texts are cut, for a report to stay readable. */
  private static final int CHARS = 240;

  static Examples none() {
    return new Examples("", "", List.of());
  }

  /**
   * @param texts columns {@code row} and {@code text}
   * @param first the candidate to hold others against
   */
  static Examples of(Neighbours neighbours, Dataset<Row> texts, String first) {
    List<Neighbours.Found> found = neighbours.found();
    int a =
        IntStream.range(0, found.size())
            .filter(c -> found.get(c).candidate().name().equals(first))
            .findFirst()
            .orElseThrow();
    int b =
        IntStream.range(0, found.size())
            .filter(c -> c != a)
            .boxed()
            .min(Comparator.comparingDouble(c -> neighbours.agreement(a, c)))
            .orElse(a);
    if (a == b) {
      return none();
    }
    int[][] nearA = found.get(a).nearest();
    int[][] nearB = found.get(b).nearest();
    List<Integer> chosen =
        IntStream.range(0, nearA.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> Neighbourhood.overlap(nearA[i], nearB[i])))
            .limit(TEXTS)
            .toList();
    Set<Long> wanted = new TreeSet<>();
    for (int i : chosen) {
      wanted.add(neighbours.rows().get(i));
      wanted.addAll(rows(neighbours, nearA[i]));
      wanted.addAll(rows(neighbours, nearB[i]));
    }
    Map<Long, String> text = new HashMap<>();
    texts
        .where(functions.col("row").isin(wanted.toArray()))
        .select("row", "text")
        .collectAsList()
        .forEach(row -> text.put(row.getLong(0), cut(row.getString(1))));
    List<Example> examples = new ArrayList<>();
    for (int i : chosen) {
      examples.add(
          new Example(
              text.get(neighbours.rows().get(i)),
              rows(neighbours, nearA[i]).stream().map(text::get).toList(),
              rows(neighbours, nearB[i]).stream().map(text::get).toList()));
    }
    return new Examples(first, found.get(b).candidate().name(), examples);
  }

  private static List<Long> rows(Neighbours neighbours, int[] nearest) {
    return IntStream.of(nearest).limit(NEAREST).mapToObj(neighbours.rows()::get).toList();
  }

  private static String cut(String text) {
    return text.codePointCount(0, text.length()) <= CHARS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, CHARS)) + " ..";
  }
}
