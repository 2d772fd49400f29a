package io.embark.analysis.compare;

import io.embark.UserError;
import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.ml.feature.PCA;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures candidates on embedded tables.
 *
 * @param texts {@code row bigint}, {@code text}, {@code label string} if there are labels, and a
 *     column of vectors for each candidate, no nulls among them
 * @param pairs {@code pair bigint}, {@code score double} and vectors of both sides
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
   * The rows that clusters and probes are measured on.
   *
   * @param table columns of {@link Splits#rows} too if there are labels
   * @param labels how many, or 0
   */
  private record Measured(Dataset<Row> table, long rows, int labels) {}

  /**
   * Takes every measure that the tables allow, and adds to the notes on them.
   *
   * @throws UserError if there are too few rows, pairs or labels
   */
  public Comparison measure(EmbeddingPass pass, List<Candidate> candidates, List<String> notes) {
    List<Figure> figures = new ArrayList<>();
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
    LOG.info("Neighbours among {} rows", Math.min(rows, neighbourRows));
    Dataset<Row> sample =
        rows > neighbourRows
            ? scratch.keep("sample", texts.sample((double) neighbourRows / rows, 1))
            : texts;
    Neighbours neighbours = Neighbours.of(sample, candidates);
    figures.addAll(neighbours.figures());
    Measured measured = measured(rows, notes);
    int labels = measured.labels();
    int k = clusters > 0 ? clusters : labels > 0 ? labels : CLUSTERS_WITHOUT_LABELS;
    if (k >= measured.rows()) {
      throw new UserError(
          "clusters: %d for %d rows; wanted are fewer clusters than rows."
              .formatted(k, measured.rows()));
    }
    figures.addAll(ofEach(candidates, measured, k));
    EmbedderConfig config = pass.facts().config();
    Comparison.Scope scope =
        new Comparison.Scope(
            config.text(Setting.MODEL),
            pass.facts().fingerprint(),
            config.text(Setting.NORMALIZE),
            // Pooled vectors may be there in variants only, and the model's own not be measured.
            pass.own().filter(own -> candidates.stream().anyMatch(c -> c.name().equals(own))),
            pairCount,
            rows,
            labels == 0 ? 0 : measured.rows(),
            labels,
            k,
            seeds,
            neighbours.rows().size(),
            notes);
    Comparison found =
        new Comparison(scope, candidates, figures, neighbours, Neighbours.Examples.NONE);
    String held = Recommendation.of(found).candidate().orElse(candidates.get(0).name());
    return new Comparison(scope, candidates, figures, neighbours, neighbours.examples(texts, held));
  }

  private Measured measured(long rows, List<String> notes) {
    if (!List.of(texts.columns()).contains("label")) {
      return new Measured(texts, rows, 0);
    }
    Splits splits = Splits.of(texts, seeds);
    Dataset<Row> labelled = scratch.keep("labelled", texts.join(splits.rows(), "row"));
    long count = labelled.count();
    if (count < rows) {
      notes.add(
          "%d of %d rows have no label, or one with fewer than %d rows; probes and k-means leave them out"
              .formatted(rows - count, rows, Splits.LEAST_ROWS));
    }
    return new Measured(labelled, count, splits.labels().size());
  }

  /** Iterations over few rows cost what their tasks cost; other candidates run at the same time. */
  private List<Figure> ofEach(List<Candidate> candidates, Measured measured, int k) {
    AtomicInteger done = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(Math.min(threads, candidates.size()));
    try {
      List<Future<List<Figure>>> running = new ArrayList<>();
      for (Candidate candidate : candidates) {
        Callable<List<Figure>> work =
            () -> {
              List<Figure> found = of(candidate, measured, k);
              int number = done.incrementAndGet();
              LOG.info("{}: done, {} of {}", candidate.name(), number, candidates.size());
              return found;
            };
        running.add(pool.submit(work));
      }
      List<Figure> figures = new ArrayList<>();
      for (Future<List<Figure>> candidate : running) {
        figures.addAll(candidate.get());
      }
      return figures;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while measuring.", e);
    } finally {
      pool.shutdownNow();
    }
  }

  private List<Figure> of(Candidate candidate, Measured measured, int k) {
    int labels = measured.labels();
    List<Column> columns = new ArrayList<>();
    columns.add(functions.col(candidate.column()).as("vector"));
    if (labels > 0) {
      Splits.COLUMNS.forEach(name -> columns.add(functions.col(name)));
    }
    int partitions = (int) Math.min(10_000, 1 + measured.rows() / ROWS_PER_TASK);
    Dataset<Row> rows =
        measured.table().select(columns.toArray(Column[]::new)).coalesce(partitions).persist();
    try {
      List<Figure> figures = new ArrayList<>();
      LOG.info("{}: effective rank", candidate.name());
      double rank = effectiveRank(rows, candidate.dimension());
      figures.add(Figure.single(candidate, Measure.EFFECTIVE_RANK, rank));
      LOG.info("{}: k-means with {} clusters, {} seeds", candidate.name(), k, seeds);
      figures.addAll(Clusterings.measure(rows, candidate, labels, k, seeds));
      if (labels > 0) {
        LOG.info("{}: probes of {} labels", candidate.name(), labels);
        figures.addAll(new Probes(rows, candidate, labels, seeds).measure());
      }
      return figures;
    } finally {
      rows.unpersist();
    }
  }

  /**
   * The number of directions in which vectors vary, from 1, where all lie on a line, to the
   * dimension: Roy and Vetterli (2007), "The effective rank: a measure of effective
   * dimensionality". NaN if nothing varies.
   *
   * <p>One at a time: LAPACK in Java keeps what Fortran saves between calls in static fields, and
   * of two decompositions at once one may not converge.
   */
  static synchronized double effectiveRank(Dataset<Row> rows, int dimension) {
    PCA pca = new PCA().setInputCol("vector").setOutputCol("components").setK(dimension);
    // Fractions of variance will do: the effective rank does not depend on their scale.
    return effectiveRank(pca.fit(rows).explainedVariance().toArray());
  }

  /**
   * The exponential of the entropy of the singular values' fractions of their sum. These are the
   * roots of the covariance's eigenvalues, of which those below 0 by rounding count as 0.
   */
  static double effectiveRank(double[] eigenvalues) {
    double[] singular = Arrays.stream(eigenvalues).map(e -> Math.sqrt(Math.max(0, e))).toArray();
    double sum = Arrays.stream(singular).sum();
    double entropy =
        Arrays.stream(singular)
            .map(s -> s / sum)
            .filter(p -> p > 0)
            .map(p -> -p * Math.log(p))
            .sum();
    return sum == 0 ? Double.NaN : Math.exp(entropy);
  }
}
