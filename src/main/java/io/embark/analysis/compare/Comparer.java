package io.embark.analysis.compare;

import io.embark.UserError;
import io.embark.analysis.measure.EffectiveRank;
import io.embark.embed.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.ml.feature.PCA;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures candidates on tables that were embedded already.
 *
 * @param texts {@code row bigint}, {@code text}, {@code label string} if there are labels, and a
 *     column of vectors for each candidate, no nulls among them
 * @param pairs {@code pair bigint}, {@code score double} and vectors of both sides, if there are
 *     any
 * @param clusters k of k-means; 0 for the number of labels, or 20 without
 * @param seeds runs of k-means, and random splits of a probe
 * @param neighbourRows about how many rows to look at the neighbours of
 * @param threads how many candidates are measured at the same time
 */
public record Comparer(
    Scratch scratch,
    Dataset<Row> texts,
    Optional<Dataset<Row>> pairs,
    int clusters,
    int seeds,
    int neighbourRows,
    int threads) {
  private static final Logger LOG = LoggerFactory.getLogger(Comparer.class);
  private static final int CLUSTERS_WITHOUT_LABELS = 20;

  /** Fewer rows have no neighbourhoods or clusters worth a figure. */
  private static final int LEAST_ROWS = 20;

  private static final int ROWS_PER_TASK = 5000;

  /**
   * Takes every measure that the tables allow.
   *
   * @param candidates whose vectors the tables hold
   * @throws UserError if there are too few rows, pairs or labels
   */
  public Comparison measure(Offered offered, List<Candidate> candidates) {
    List<Figure> figures = new ArrayList<>();
    List<String> notes = new ArrayList<>(offered.notes());
    long pairCount = pairs.map(Dataset::count).orElse(0L);
    if (pairs.isPresent()) {
      LOG.info("Correlations with the scores of {} pairs", pairCount);
      figures.addAll(PairScores.measure(pairs.get(), candidates));
      PairScores.note(figures).ifPresent(notes::add);
    }
    long rows = texts.count();
    if (rows < LEAST_ROWS) {
      throw new UserError(
          "Found %d texts with a vector; comparing needs %d or more.".formatted(rows, LEAST_ROWS));
    }
    Dataset<Row> sample = texts;
    if (rows > neighbourRows) {
      sample = scratch.keep("sample", texts.sample((double) neighbourRows / rows, 1));
    }
    LOG.info("Neighbours among {} rows", Math.min(rows, neighbourRows));
    Neighbours neighbours = Neighbours.of(sample, candidates);
    figures.addAll(neighbours.figures());

    Optional<Splits> splits =
        List.of(texts.columns()).contains("label")
            ? Optional.of(Splits.of(texts, seeds))
            : Optional.empty();
    int labels = splits.map(s -> s.labels().size()).orElse(0);
    Dataset<Row> table =
        splits.map(s -> scratch.keep("labelled", texts.join(s.rows(), "row"))).orElse(texts);
    long labelled = labels == 0 ? 0 : table.count();
    if (labels > 0 && labelled < rows) {
      notes.add(
          "%d of %d rows have no label, or one with fewer than %d rows; probes and k-means leave them out"
              .formatted(rows - labelled, rows, Splits.LEAST_ROWS));
    }
    long measured = labels > 0 ? labelled : rows;
    int k = clusters > 0 ? clusters : labels > 0 ? labels : CLUSTERS_WITHOUT_LABELS;
    if (k >= measured) {
      throw new UserError(
          "clusters: %d for %d rows; wanted are fewer clusters than rows.".formatted(k, measured));
    }
    AtomicInteger done = new AtomicInteger();
    int all = candidates.size();
    // Iterations over few rows cost what their tasks cost; other candidates run at the same time.
    int partitions = (int) Math.min(10_000, 1 + measured / ROWS_PER_TASK);
    List<Callable<List<Figure>>> work = new ArrayList<>();
    for (Candidate candidate : candidates) {
      work.add(() -> ofTable(table, partitions, candidate, labels, k, done, all));
    }
    Concurrent.all(threads, work).forEach(figures::addAll);
    // Pooled vectors may be there in variants only; nothing can be said of one that is not
    // measured.
    Optional<String> own =
        offered.own().filter(name -> candidates.stream().anyMatch(c -> c.name().equals(name)));
    Scope scope =
        new Scope(
            offered.facts().config().text(Setting.MODEL),
            offered.facts().fingerprint(),
            offered.facts().config().text(Setting.NORMALIZE),
            own,
            pairCount,
            rows,
            labelled,
            labels,
            k,
            seeds,
            neighbours.rows().size(),
            notes);
    Comparison found = new Comparison(scope, candidates, figures, neighbours, Examples.none());
    String held = Recommendation.of(found).candidate().orElse(candidates.get(0).name());
    return new Comparison(
        scope, candidates, figures, neighbours, Examples.of(neighbours, texts, held));
  }

  private List<Figure> ofTable(
      Dataset<Row> table,
      int partitions,
      Candidate candidate,
      int labels,
      int k,
      AtomicInteger done,
      int candidates) {
    List<Column> columns = new ArrayList<>();
    columns.add(functions.col(candidate.column()).as("vector"));
    if (labels > 0) {
      columns.add(functions.col("row"));
      columns.add(functions.col("label_index"));
      columns.add(functions.col("train"));
      columns.add(functions.col("shot"));
    }
    Dataset<Row> rows = table.select(columns.toArray(Column[]::new)).coalesce(partitions).persist();
    try {
      List<Figure> figures = new ArrayList<>();
      LOG.info("{}: effective rank", candidate.name());
      figures.add(Figure.single(candidate, Measure.EFFECTIVE_RANK, effectiveRank(rows, candidate)));
      LOG.info("{}: k-means with {} clusters, {} seeds", candidate.name(), k, seeds);
      figures.addAll(Clusterings.measure(rows, candidate, labels, k, seeds));
      if (labels > 0) {
        LOG.info("{}: probes of {} labels", candidate.name(), labels);
        figures.addAll(Probes.measure(rows, candidate, labels, seeds));
      }
      LOG.info("{}: done, {} of {}", candidate.name(), done.incrementAndGet(), candidates);
      return figures;
    } finally {
      rows.unpersist();
    }
  }

  /**
   * Shares of variance will do: the effective rank does not depend on their scale.
   *
   * <p>One at a time: LAPACK in Java keeps what Fortran saves between calls in static fields, and
   * of two decompositions at once one may not converge.
   */
  static synchronized double effectiveRank(Dataset<Row> rows, Candidate candidate) {
    return EffectiveRank.of(
        new PCA()
            .setInputCol("vector")
            .setOutputCol("components")
            .setK(candidate.dimension())
            .fit(rows)
            .explainedVariance()
            .toArray());
  }
}
