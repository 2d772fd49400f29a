package io.embark.cli.analysis;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.embark.analysis.cluster.Clustering;
import io.embark.analysis.cluster.DistinctiveTerms;
import io.embark.analysis.cluster.Members;
import io.embark.analysis.cluster.NearDuplicates;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * The result of a clustering, as it stands in {@code cluster.json}.
 *
 * @param vectors how the vectors were made
 * @param kFrom the flag or file that gave the number of clusters, or how it was chosen
 * @param silhouette of the clusters, on a sample of {@code silhouetteRows}; null if these are no
 *     more than the clusters, or all in one
 * @param choices numbers of clusters that were tried; empty if one was given
 * @param elbow the number at the elbow of the costs; 0 if one was given
 * @param rows of the table
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
    int k,
    String kFrom,
    Double silhouette,
    long silhouetteRows,
    List<Clustering.Choice> choices,
    int elbow,
    long rows,
    long unclustered,
    long trainedOn,
    Agreement agreement,
    boolean duplicatesComplete,
    List<Cluster> clusters) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * Agreement with known classes: {@link io.embark.analysis.measure.ClusterAgreement}.
   *
   * @param rows with a cluster and a class
   */
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
   * @param cohesion mean cosine of its vectors to its centre
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
      List<NearDuplicates.Group> duplicateGroups) {

    String name() {
      return String.join(", ", terms.stream().map(DistinctiveTerms.Term::term).toList());
    }
  }

  /** The silhouette in words, or why there is none. */
  String silhouetteText() {
    return silhouette == null
        ? String.format(Locale.ROOT, "no silhouette on %,d rows (--choice-rows)", silhouetteRows)
        : String.format(Locale.ROOT, "silhouette %.4f on %,d rows", silhouette, silhouetteRows);
  }

  byte[] json() throws IOException {
    return JSON.writeValueAsBytes(this);
  }
}
