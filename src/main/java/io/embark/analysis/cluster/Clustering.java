package io.embark.analysis.cluster;

import io.embark.UserError;
import io.embark.embed.VectorProvenance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.spark.ml.evaluation.ClusteringEvaluator;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains models of clusters, and chooses how many clusters there are. */
public record Clustering(
    Algorithm algorithm, DistanceMeasure distance, Algorithm.Training training) {
  private static final Logger LOG = LoggerFactory.getLogger(Clustering.class);

  /** More choices than these are thinned out: each is a whole training. */
  private static final int CHOICES = 12;

  /**
   * A number of clusters that was tried.
   *
   * @param silhouette -1 to 1, how much nearer rows are to their own cluster than to the next
   *     (Rousseeuw 1987), as MLlib computes it; NaN if all rows fell into one cluster
   * @param cost sum of the distances to the centres, squared for {@link DistanceMeasure#EUCLIDEAN}
   */
  public record Choice(int k, double silhouette, double cost) {}

  /**
   * Tries numbers of clusters between two, all of them or 12 in about equal ratios.
   *
   * @param features one column {@link Features#COLUMN}, best cached
   */
  public List<Choice> choices(Dataset<Row> features, int least, int most) {
    List<Choice> choices = new ArrayList<>();
    for (int k : candidates(least, most)) {
      Algorithm.Fitted fitted = algorithm.fit(features, k, distance, training);
      double silhouette = silhouette(fitted.summary().predictions());
      LOG.info("{} clusters: silhouette {}, cost {}", k, silhouette, fitted.cost());
      choices.add(new Choice(k, silhouette, fitted.cost()));
    }
    return choices;
  }

  static List<Integer> candidates(int least, int most) {
    if (most - least < CHOICES) {
      return IntStream.rangeClosed(least, most).boxed().toList();
    }
    TreeSet<Integer> candidates = new TreeSet<>();
    for (int i = 0; i < CHOICES; i++) {
      double fraction = (double) i / (CHOICES - 1);
      candidates.add((int) Math.round(least * Math.pow((double) most / least, fraction)));
    }
    return List.copyOf(candidates);
  }

  /** The choice with the greatest silhouette, the least k of equals. */
  public static Choice best(List<Choice> choices) {
    return choices.stream()
        .filter(choice -> !Double.isNaN(choice.silhouette))
        .max(
            Comparator.comparingDouble(Choice::silhouette)
                .thenComparing(Choice::k, Comparator.reverseOrder()))
        .orElseThrow(
            () ->
                new UserError(
                    "k: no number of clusters splits these rows; are their vectors all alike?"));
  }

  /**
   * The choice at the elbow of the costs: farthest below the straight line from the first to the
   * last, both axes scaled to 0 to 1 (Satopaa et al. 2011, "Finding a kneedle in a haystack").
   */
  public static Choice elbow(List<Choice> choices) {
    Choice first = choices.get(0);
    Choice last = choices.get(choices.size() - 1);
    return Collections.max(
        choices,
        Comparator.comparingDouble(
            choice -> {
              double x = fraction(choice.k, first.k, last.k);
              double y = fraction(choice.cost, last.cost, first.cost);
              return 1 - x - y;
            }));
  }

  private static double fraction(double value, double least, double most) {
    return most == least ? 0 : (value - least) / (most - least);
  }

  /** Finds k clusters of vectors that were {@code made} so; {@code features} as for choices. */
  public ClusterModel fit(Dataset<Row> features, int k, VectorProvenance made) {
    Algorithm.Fitted fitted = algorithm.fit(features, k, distance, training);
    int clusters = Algorithm.centres(fitted.model()).length;
    long[] sizes = fitted.summary().clusterSizes();
    Integer[] bySize = IntStream.range(0, clusters).boxed().toArray(Integer[]::new);
    Arrays.sort(bySize, Comparator.comparingLong(i -> -sizes[i]));
    int[] numbers = new int[clusters];
    for (int number = 0; number < clusters; number++) {
      numbers[bySize[number]] = number;
    }
    String uid = Identifiable$.MODULE$.randomUID("clusters");
    return new ClusterModel(uid, fitted.model()).trainedOn(made.essence(), distance, numbers);
  }

  /** The silhouette of clusters, see {@link Choice}. */
  public double silhouette(Dataset<Row> features, ClusterModel model) {
    return silhouette(model.model().transform(features));
  }

  private double silhouette(Dataset<Row> predicted) {
    if (predicted.select("prediction").distinct().count() < 2) {
      return Double.NaN;
    }
    return new ClusteringEvaluator()
        .setFeaturesCol(Features.COLUMN)
        .setDistanceMeasure(distance.ofEvaluator())
        .evaluate(predicted);
  }
}
