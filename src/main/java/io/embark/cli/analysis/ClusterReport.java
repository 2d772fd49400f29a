package io.embark.cli.analysis;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.embark.analysis.cluster.Clustering;
import io.embark.analysis.cluster.DistinctiveTerms;
import io.embark.analysis.cluster.Members;
import io.embark.analysis.cluster.NearDuplicates;
import io.embark.cli.Excerpt;
import io.embark.cli.Words;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * The result of a clustering, for {@code cluster.json} and the console.
 *
 * @param unclustered rows without a vector, or with one of zeros
 * @param agreement with known classes; null if none were given
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ClusterReport(
    String embark,
    String input,
    String vectors,
    String algorithm,
    String distance,
    int seed,
    @JsonUnwrapped Chosen chosen,
    long rows,
    long unclustered,
    long trainedOn,
    Agreement agreement,
    boolean duplicatesComplete,
    List<Cluster> clusters) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Characters of the longest bar. */
  private static final int BAR = 30;

  /**
   * The number of clusters, and how it came about.
   *
   * @param kFrom the flag or file that gave the number of clusters, or how it was chosen
   * @param silhouette of the clusters, on a sample of {@code silhouetteRows}; null if these are no
   *     more than the clusters, or all in one
   * @param choices numbers of clusters that were tried; empty if one was given
   * @param elbow the number at the elbow of the costs; 0 if one was given
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Chosen(
      int k,
      String kFrom,
      Double silhouette,
      long silhouetteRows,
      List<Clustering.Choice> choices,
      int elbow) {}

  /** Agreement with known classes, of the rows that have a cluster and a class. */
  record Agreement(
      String labelCol,
      long rows,
      int classes,
      double vMeasure,
      double homogeneity,
      double completeness,
      double nmi,
      double adjustedRandIndex,
      double accuracy) {}

  /**
   * @param nearDuplicates rows that are in a group of near-duplicates
   * @param duplicateGroups the largest such groups
   */
  record Cluster(
      int cluster,
      long rows,
      double cohesion,
      double meanDistance,
      List<DistinctiveTerms.Term> terms,
      List<Members.Medoid> medoids,
      long nearDuplicates,
      List<NearDuplicates.Group> duplicateGroups) {}

  byte[] json() throws IOException {
    return JSON.writeValueAsBytes(this);
  }

  /** Prints the numbers of clusters that were tried, if any, of which one was taken. */
  static void printChoices(
      Words out, List<Clustering.Choice> choices, int best, int elbow, long rows) {
    if (choices.isEmpty()) {
      return;
    }
    double most = choices.stream().mapToDouble(Clustering.Choice::cost).max().orElse(0);
    out.println();
    out.printf("Numbers of clusters tried on %,d rows:%n", rows);
    out.println("     k  silhouette        cost");
    for (Clustering.Choice choice : choices) {
      int length = most <= 0 ? 0 : (int) Math.round(BAR * choice.cost() / most);
      out.printf(
          "%6d  %10.4f  %10.1f  %-30s %s%s%n",
          choice.k(),
          choice.silhouette(),
          choice.cost(),
          "#".repeat(Math.max(0, length)),
          choice.k() == best ? "<- taken: best silhouette" : "",
          choice.k() == elbow ? " (elbow)" : "");
    }
  }

  /** Prints the clusters. */
  void print(Words out) {
    String found =
        chosen.silhouette == null
            ? Words.of("no silhouette on %,d rows (--choice-rows)", chosen.silhouetteRows)
            : Words.of("silhouette %.4f on %,d rows", chosen.silhouette, chosen.silhouetteRows);
    out.println();
    out.printf(
        "%d clusters (k from %s), %s; %,d rows without a vector have no cluster%n",
        chosen.k, chosen.kFrom, found, unclustered);
    out.println("cluster    rows  cohesion  near-dup.  terms; the text nearest to the centre");
    for (Cluster cluster : clusters) {
      List<String> terms = cluster.terms.stream().map(DistinctiveTerms.Term::term).toList();
      out.printf(
          "%7d %7d  %8.3f  %9d  %s%n",
          cluster.cluster,
          cluster.rows,
          cluster.cohesion,
          cluster.nearDuplicates,
          String.join(", ", terms));
      cluster.medoids.stream()
          .map(Members.Medoid::text)
          .filter(Objects::nonNull)
          .findFirst()
          .ifPresent(text -> out.printf("%38s%s%n", "", Excerpt.quoted(text)));
    }
    if (!duplicatesComplete) {
      out.println("There are more near-duplicates than could be counted.");
    }
    if (agreement != null) {
      out.printf(
          "Against %s (%,d rows, %d classes): V-measure %.4f (homogeneity %.4f, completeness %.4f),"
              + " NMI %.4f, ARI %.4f, accuracy %.4f%n",
          agreement.labelCol,
          agreement.rows,
          agreement.classes,
          agreement.vMeasure,
          agreement.homogeneity,
          agreement.completeness,
          agreement.nmi,
          agreement.adjustedRandIndex,
          agreement.accuracy);
    }
  }
}
