package io.embark.cli.analysis;

import io.embark.analysis.cluster.Clustering;
import io.embark.analysis.cluster.Members;
import io.embark.cli.Excerpt;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Prints clusters on the console. */
final class ClusterTable {
  /** Characters of the longest bar. */
  private static final int BAR = 30;

  private ClusterTable() {}

  static void printChoices(
      PrintWriter out, List<Clustering.Choice> choices, int best, int elbow, long rows) {
    if (choices.isEmpty()) {
      return;
    }
    double most = choices.stream().mapToDouble(Clustering.Choice::cost).max().orElse(0);
    out.println();
    out.printf(Locale.ROOT, "Numbers of clusters tried on %,d rows:%n", rows);
    out.println("     k  silhouette        cost");
    for (Clustering.Choice choice : choices) {
      int length = most <= 0 ? 0 : (int) Math.round(BAR * choice.cost() / most);
      out.printf(
          Locale.ROOT,
          "%6d  %10.4f  %10.1f  %-30s %s%s%n",
          choice.k(),
          choice.silhouette(),
          choice.cost(),
          "#".repeat(Math.max(0, length)),
          choice.k() == best ? "<- taken: best silhouette" : "",
          choice.k() == elbow ? " (elbow)" : "");
    }
    out.flush();
  }

  static void print(PrintWriter out, ClusterReport report) {
    out.println();
    out.printf(
        Locale.ROOT,
        "%d clusters (k from %s), %s; %,d rows without a vector have no cluster%n",
        report.k(),
        report.kFrom(),
        report.silhouetteText(),
        report.unclustered());
    out.println("cluster    rows  cohesion  near-dup.  terms; the text nearest to the centre");
    for (ClusterReport.Cluster cluster : report.clusters()) {
      out.printf(
          Locale.ROOT,
          "%7d %7d  %8.3f  %9d  %s%n",
          cluster.cluster(),
          cluster.rows(),
          cluster.cohesion(),
          cluster.nearDuplicates(),
          cluster.name());
      cluster.medoids().stream()
          .map(Members.Medoid::text)
          .filter(Objects::nonNull)
          .findFirst()
          .ifPresent(text -> out.printf("%38s\"%s\"%n", "", Excerpt.of(text)));
    }
    if (!report.duplicatesComplete()) {
      out.println("There are more near-duplicates than could be counted.");
    }
    ClusterReport.Agreement agreement = report.agreement();
    if (agreement != null) {
      out.printf(
          Locale.ROOT,
          "Against %s (%,d rows, %d classes): V-measure %.4f (homogeneity %.4f, completeness %.4f),"
              + " NMI %.4f, ARI %.4f, accuracy %.4f%n",
          agreement.labelCol(),
          agreement.rows(),
          agreement.classes(),
          agreement.vMeasure(),
          agreement.homogeneity(),
          agreement.completeness(),
          agreement.nmi(),
          agreement.adjustedRandIndex(),
          agreement.accuracy());
    }
    out.flush();
  }
}
