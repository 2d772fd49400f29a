package io.embark.cli.analysis;

import static org.apache.spark.sql.functions.col;

import io.embark.UserError;
import io.embark.analysis.cluster.DistinctiveTerms;
import io.embark.analysis.cluster.DistinctiveTerms.Term;
import io.embark.analysis.cluster.Members;
import io.embark.analysis.cluster.NearDuplicates;
import io.embark.analysis.measure.ClusterAgreement;
import io.embark.cli.JobSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Sums clusters up from their rows.
 *
 * @param scored columns {@code cluster}, {@code distance}, {@code similarity}, {@code id}, {@code
 *     text} (null where there is none) and {@code label}
 */
record ClusterSummaries(Dataset<Row> scored, JobSettings settings) {
  private static final int TERMS = 10;
  private static final int MEDOIDS = 3;
  private static final int GROUPS = 3;
  private static final double ALIKE = 0.7;
  private static final int PAIRS = 200_000;
  private static final int CELLS = 4_000_000;

  /** The clusters, and whether all near-duplicates that were found are counted. */
  record Summed(List<ClusterReport.Cluster> clusters, boolean duplicatesComplete) {}

  Summed clusters(long rows, boolean texts) {
    Dataset<Row> ofTexts = scored.select("cluster", "text");
    Map<Integer, List<Term>> terms =
        texts
            ? DistinctiveTerms.of(ofTexts, settings.get(ClusterCommand.STOP_WORDS), TERMS)
            : Map.of();
    Map<Integer, List<Members.Medoid>> medoids = Members.medoids(scored, MEDOIDS);
    int most = settings.get(ClusterCommand.DUPLICATE_ROWS);
    int seed = settings.get(ClusterCommand.SEED);
    Dataset<Row> sample = ClusterRun.sample(ofTexts, rows, most, seed);
    NearDuplicates.Found duplicates =
        texts && most > 0
            ? NearDuplicates.of(sample, ALIKE, seed, PAIRS, GROUPS)
            : new NearDuplicates.Found(Map.of(), true);
    List<ClusterReport.Cluster> clusters = new ArrayList<>();
    for (Members.Size size : Members.sizes(scored)) {
      List<NearDuplicates.Group> groups =
          duplicates.groups().getOrDefault(size.cluster(), List.of());
      clusters.add(
          new ClusterReport.Cluster(
              size.cluster(),
              size.rows(),
              size.cohesion(),
              size.distance(),
              terms.getOrDefault(size.cluster(), List.of()),
              medoids.getOrDefault(size.cluster(), List.of()),
              groups.stream().mapToLong(NearDuplicates.Group::rows).sum(),
              groups.stream().limit(GROUPS).toList()));
    }
    return new Summed(clusters, duplicates.complete());
  }

  /** Refuses labels that are all null, or too many to count against the clusters to come. */
  static void requireClasses(Dataset<Row> labels, String labelCol, int clusters) {
    long classes = labels.select(functions.countDistinct("label")).head().getLong(0);
    if (classes == 0) {
      throw new UserError(
          "label-col: '%s' is null in every row that has a vector. Name a column of known classes, or none."
              .formatted(labelCol));
    }
    if (classes * clusters > CELLS) {
      throw new UserError(
          "label-col: '%s' has %d different values, wanted for %d clusters are %d at most; is it a class?"
              .formatted(labelCol, classes, clusters, CELLS / clusters));
    }
  }

  /** The agreement with labels that passed {@link #requireClasses}. */
  ClusterReport.Agreement agreement(String labelCol, int clusters) {
    List<Row> counts =
        scored
            .where(col("label").isNotNull().and(col("cluster").isNotNull()))
            .groupBy("label", "cluster")
            .count()
            .orderBy("label", "cluster")
            .collectAsList();
    Map<String, Integer> classes = new HashMap<>();
    counts.forEach(row -> classes.putIfAbsent(row.getString(0), classes.size()));
    long[][] table = new long[classes.size()][clusters];
    long rows = 0;
    for (Row row : counts) {
      table[classes.get(row.getString(0))][row.getInt(1)] = row.getLong(2);
      rows += row.getLong(2);
    }
    ClusterAgreement agreement = new ClusterAgreement(table);
    return new ClusterReport.Agreement(
        labelCol,
        rows,
        classes.size(),
        agreement.vMeasure(),
        agreement.homogeneity(),
        agreement.completeness(),
        agreement.nmi(),
        agreement.adjustedRandIndex(),
        agreement.accuracy());
  }
}
