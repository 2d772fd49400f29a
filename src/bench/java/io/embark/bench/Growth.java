package io.embark.bench;

import io.embark.embed.EmbedderConfig;
import io.embark.spark.TextEmbedder;
import io.embark.spark.metrics.EmbeddingMetrics;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Whether time grows with rows and tokens and nothing else, and memory with neither. The model
 * computes next to nothing, so that what grows in Embark is not hidden behind it.
 */
final class Growth {
  private static final int TOKEN_BUDGET = 16_384;
  private static final int WORDS = 8;
  private static final int SAMPLES = 10;
  private static final double MIB = 1 << 20;
  private static final int MOST_TIMES = 50;
  private static final int[] LENGTHS = {4, 16, 64, 128};

  /** Common words, each one token of an English vocabulary. */
  private static final String VOCABULARY =
      "array('the','people','of','this','country','have','made','great','work','for','peace','and',"
          + "'world','with','new','law')";

  private final SparkSession spark;
  private final PrintWriter out;
  private final int threads;
  private final int turns;
  private final EmbedderConfig config;

  Growth(SparkSession spark, PrintWriter out, int threads, int turns, String model)
      throws IOException {
    this.spark = spark;
    this.out = out;
    this.threads = threads;
    this.turns = turns;
    this.config = StubModel.like(model, TOKEN_BUDGET);
  }

  /**
   * One size.
   *
   * @param times how often it is run in a turn, so that every size sees about as many rows, or
   *     tokens: what is still to be compiled, and a pause of the machine, must not decide
   */
  private record Case(int rows, int words, int times, double[] perRow, double[] perToken) {}

  /**
   * Measures and prints the time of tasks, so that the fixed cost of a Spark job is not shared out
   * among the rows.
   *
   * @param fewest rows, of which tenfold ones follow
   */
  void costs(int fewest, int most) throws TimeoutException {
    List<Case> cases = new ArrayList<>();
    for (int rows = fewest; rows <= most; rows *= 10) {
      int times = Math.max(1, MOST_TIMES * fewest / rows);
      cases.add(new Case(rows, WORDS, times, new double[turns], new double[turns]));
    }
    int byRows = cases.size();
    for (int words : LENGTHS) {
      int times = LENGTHS[LENGTHS.length - 1] / words;
      cases.add(new Case(2 * fewest, words, times, new double[turns], new double[turns]));
    }
    for (int turn = -1; turn < turns; turn++) {
      for (int i = 0; i < cases.size(); i++) {
        Case one = cases.get((i + turn + 1) % cases.size());
        System.gc();
        double seconds = 0;
        long tokens = 0;
        for (int t = 0; t < one.times(); t++) {
          TextEmbedder embedder = embedder("0");
          seconds += taskSeconds(embedder.transform(texts(one.rows(), one.words(), threads)));
          tokens += embedder.metrics(spark).tokens();
        }
        if (turn >= 0) {
          one.perRow()[turn] = 1e6 * seconds / one.times() / one.rows();
          one.perToken()[turn] = 1e6 * seconds / tokens;
        }
      }
    }
    out.printf("%nTime of tasks, rows to nowhere; %d words a row%n", WORDS);
    out.printf("  %12s %14s %24s  %s%n", "rows", "us a row", "(least .. most)", "Relative");
    for (Case one : cases.subList(0, byRows)) {
      line(String.format(Locale.ROOT, "%,d", one.rows()), one.perRow(), cases.get(0).perRow());
    }
    fixed(cases.get(0), cases.get(byRows - 1));
    out.printf(Locale.ROOT, "%nTime of tasks by length; %,d rows%n", 2 * fewest);
    out.printf("  %12s %14s %24s  %s%n", "words", "us a token", "(least .. most)", "Relative");
    for (Case one : cases.subList(byRows, cases.size())) {
      line(Integer.toString(one.words()), one.perToken(), cases.get(byRows).perToken());
    }
    out.flush();
  }

  /** The line through two sizes. */
  private void fixed(Case small, Case large) {
    if (small == large) {
      return;
    }
    double smallMicros = new Repeats(small.perRow()).median() * small.rows();
    double largeMicros = new Repeats(large.perRow()).median() * large.rows();
    double row = (largeMicros - smallMicros) / (large.rows() - small.rows());
    out.printf(
        Locale.ROOT,
        "  that is %.1f ms a task and %.2f us a row%n",
        (smallMicros - row * small.rows()) / threads / 1e3,
        row);
  }

  private void line(String name, double[] micros, double[] base) {
    Repeats repeats = new Repeats(micros);
    double[] ratios = new double[turns];
    for (int i = 0; i < turns; i++) {
      ratios[i] = micros[i] / base[i];
    }
    out.printf(
        Locale.ROOT,
        "  %12s %14.2f %24s  %s%n",
        name,
        repeats.median(),
        String.format(Locale.ROOT, "(%.2f .. %.2f)", repeats.least(), repeats.most()),
        Turns.inWords(new Repeats(ratios)));
  }

  private double taskSeconds(Dataset<Row> embedded) throws TimeoutException {
    return TaskSeconds.of(spark, () -> embedded.write().mode("overwrite").format("noop").save());
  }

  private TextEmbedder embedder(String prefetch) {
    return new TextEmbedder().setConfig(config).setPrefetch(prefetch);
  }

  /** Rows of so many words and a number, which makes each one different, made as they are read. */
  private Dataset<Row> texts(long rows, int words, int partitions) {
    return spark
        .range(0, rows, 1, partitions)
        .selectExpr(
            "id",
            "concat(array_join(transform(sequence(1, %d), i -> element_at(%s, 1 + pmod(hash(id, i), 16))), ' '), ' ', lpad(id, 8, '0')) as text"
                .formatted(words, VOCABULARY));
  }

  /**
   * Measures and prints the heap of one partition of each size; driver and executor are one JVM, so
   * that one number bounds both.
   */
  void memory(int fewest, int most) throws IOException {
    out.printf(
        "%nPeak of the live heap (after full collections, %d in each run), driver and executor in one JVM, one"
            + " partition, three buffers at a time%n",
        SAMPLES);
    out.printf("  %12s %10s%n", "rows", "MiB");
    peak(fewest); // loads classes and the model
    for (int rows = fewest; rows <= most; rows *= 10) {
      out.printf(Locale.ROOT, "  %,12d %10.1f%n", rows, peak(rows));
      out.flush();
    }
  }

  private double peak(int rows) {
    TextEmbedder embedder = embedder("2");
    LiveHeap heap = LiveHeap.of(embedder.transform(texts(rows, 1, 1)), rows / SAMPLES);
    EmbeddingMetrics metrics = embedder.metrics(spark);
    if (heap.rows() != rows || metrics.rows() != rows) {
      throw new IllegalStateException(
          "%d rows passed by, of %d embedded".formatted(heap.rows(), metrics.rows()));
    }
    return heap.peak() / MIB;
  }
}
