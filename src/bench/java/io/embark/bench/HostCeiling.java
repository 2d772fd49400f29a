package io.embark.bench;

import io.embark.embed.EmbedderConfig;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.OutputType;
import io.embark.spark.metrics.CountingStats.Counter;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.parquet.VectorParquetFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * How many tokens a second a core can feed to a GPU: all the work around a model whose own work is
 * next to nothing, against what the tokenizer alone reaches in the same run.
 */
final class HostCeiling {
  /** The batches of a GPU. */
  private static final int TOKEN_BUDGET = 16_384;

  /** About two million tokens: some seconds a measurement, whatever the length of the texts. */
  private static final long MAX_CHARS = 8_000_000;

  private final SparkSession spark;
  private final PrintWriter out;
  private final int threads;
  private final int repeats;
  private final EmbedderConfig config;

  /** Where the time of a way went when it was last run, by its name. */
  private final Map<String, String> stages = new HashMap<>();

  /**
   * @param model whose tokenizer, shapes and maximum length are taken
   */
  HostCeiling(SparkSession spark, PrintWriter out, int threads, int repeats, String model)
      throws IOException {
    this.spark = spark;
    this.out = out;
    this.threads = threads;
    this.repeats = repeats;
    this.config = StubModel.like(model, TOKEN_BUDGET);
  }

  /** What one way was found to take. */
  private record Measured(double coreSeconds, String stages) {
    Measured with(long vectorBytes) {
      return new Measured(
          coreSeconds, stages + String.format(Locale.ROOT, "; vectors %,d B", vectorBytes));
    }
  }

  private interface Work {
    Measured run() throws IOException, TimeoutException;
  }

  /** Adds a way that keeps where its time went. */
  private void add(Turns ways, String name, Work work) {
    ways.timed(
        name,
        () -> {
          Measured measured = work.run();
          stages.put(name, measured.stages());
          return measured.coreSeconds();
        });
  }

  /** What the table's lines are. */
  void explain() {
    out.printf(
        Locale.ROOT,
        """

        Each line is one way through the same texts with the same threads, measured in turns, after one turn that is not
        counted; the order changes from turn to turn. Batches have up to %,d tokens; the model computes next to nothing.
          tokenizer library  text to token ids by Hugging Face's library, nothing else
          tokenizer alone    text to token ids as Embark does it: what a core could feed at best
          Java loop          with planning of batches, the session, and vectors: pooled in the graph, or token states that
                             leave the session and are averaged in Java; no Spark
          Spark job          reads Parquet, embeds, and throws rows away or writes Parquet; seconds are those of its tasks
        tokens/s/core: median of the turns. Relative: to the tokenizer library alone, median and range of the ratios within a turn.
        Below a line: where its time went in the last turn. "vectors": bytes a row that they take in the files.
        """,
        TOKEN_BUDGET);
    out.flush();
  }

  /**
   * Measures and prints.
   *
   * @param rows the most rows; fewer of long texts, see the table's title
   * @throws TimeoutException if Spark does not say within ten seconds what its tasks took
   */
  void measure(Corpus corpus, int rows) throws Exception {
    List<String> texts = bounded(corpus.texts(spark, rows));
    Path folder = Files.createTempDirectory("embark-bench");
    String input = folder.resolve("in").toString();
    spark.createDataset(texts, Encoders.STRING()).toDF("text").write().parquet(input);
    String to = folder.resolve("out").toString();
    Consumer<DataFrameWriter<Row>> nowhere = writer -> writer.format("noop").save();
    Consumer<DataFrameWriter<Row>> parquet =
        writer -> writer.format(VectorParquetFormat.NAME).save(to);
    Consumer<DataFrameWriter<Row>> plain =
        writer ->
            writer.option("compression", "uncompressed").format(VectorParquetFormat.NAME).save(to);
    Consumer<DataFrameWriter<Row>> sparks =
        writer ->
            writer
                .option("parquet.enable.dictionary#embedding.values.list.element", false)
                .parquet(to);
    long tokens;
    Turns ways = new Turns(repeats);
    try (StagedLoop graph = new StagedLoop(config, TOKEN_BUDGET, StagedLoop.PooledIn.GRAPH);
        StagedLoop java = new StagedLoop(config, TOKEN_BUDGET, StagedLoop.PooledIn.JAVA)) {
      add(ways, "tokenizer library alone", () -> alone(graph::libraryOnly, texts));
      add(ways, "tokenizer alone", () -> alone(graph::tokenizeOnly, texts));
      add(ways, "Java loop, vectors from the graph", () -> loop(graph, texts));
      add(ways, "Java loop, token states pooled in Java", () -> loop(java, texts));
      add(ways, "Spark job, rows to nowhere", () -> job(input, OutputType.VECTOR, nowhere));
      add(
          ways,
          "Spark job, Parquet of MLlib vectors",
          () -> job(input, OutputType.VECTOR, parquet).with(VectorBytes.in(to)));
      add(
          ways,
          "the same, by Spark's own writer",
          () -> job(input, OutputType.VECTOR, sparks).with(VectorBytes.in(to)));
      add(
          ways,
          "Spark job, Parquet of floats",
          () -> job(input, OutputType.FLOAT, parquet).with(VectorBytes.in(to)));
      add(
          ways,
          "the same, not compressed",
          () -> job(input, OutputType.FLOAT, plain).with(VectorBytes.in(to)));
      ways.run();
      graph.reset();
      graph.tokenizeOnly(texts);
      tokens = graph.tokens.sum();
    }
    print(corpus, texts.size(), tokens, ways);
  }

  private static List<String> bounded(List<String> texts) {
    long chars = 0;
    for (int i = 0; i < texts.size(); i++) {
      chars += texts.get(i).length();
      if (chars > MAX_CHARS) {
        return texts.subList(0, i + 1);
      }
    }
    return texts;
  }

  private Measured alone(Consumer<List<String>> tokenizer, List<String> texts) {
    return new Measured(
        threads * Repeats.seconds(() -> Repeats.parallel(texts, threads, tokenizer)), "");
  }

  private Measured loop(StagedLoop loop, List<String> texts) {
    loop.reset();
    double seconds = threads * Repeats.seconds(() -> Repeats.parallel(texts, threads, loop::embed));
    double all = seconds * 1e9;
    return new Measured(
        seconds,
        stages(
            "tokenise", loop.tokenize.sum() / all,
            "plan", loop.plan.sum() / all,
            "fill, session, transfer", loop.session.sum() / all,
            "pool", loop.pool.sum() / all));
  }

  private Measured job(String input, OutputType type, Consumer<DataFrameWriter<Row>> sink)
      throws TimeoutException {
    TextEmbedder embedder =
        new TextEmbedder().setConfig(config).setPrefetch("0").setOutputType(type.label());
    Dataset<Row> embedded = embedder.transform(spark.read().parquet(input));
    double all = TaskSeconds.of(spark, () -> sink.accept(embedded.write().mode("overwrite")));
    EmbeddingMetrics metrics = embedder.metrics(spark);
    double known =
        metrics.seconds(Counter.READ_NANOS)
            + metrics.seconds(Counter.TOKENIZE_NANOS)
            + metrics.seconds(Counter.WAIT_NANOS);
    return new Measured(
        all,
        stages(
            "read", metrics.seconds(Counter.READ_NANOS) / all,
            "tokenise", metrics.seconds(Counter.TOKENIZE_NANOS) / all,
            "plan",
                (metrics.seconds(Counter.WAIT_NANOS) - metrics.seconds(Counter.MODEL_NANOS)) / all,
            "fill, session, transfer", metrics.seconds(Counter.MODEL_NANOS) / all,
            "rows and writing", (all - known) / all));
  }

  private static String stages(Object... namesAndShares) {
    List<String> stages = new ArrayList<>();
    for (int i = 0; i < namesAndShares.length; i += 2) {
      stages.add(
          String.format(
              Locale.ROOT, "%s %.1f %%", namesAndShares[i], 100 * (Double) namesAndShares[i + 1]));
    }
    return String.join(", ", stages);
  }

  private void print(Corpus corpus, int rows, long tokens, Turns ways) {
    out.println();
    out.printf(
        Locale.ROOT, "%s: %,d rows, %.1f tokens a row%n", corpus, rows, (double) tokens / rows);
    out.printf("  %-40s %14s %9s %18s%n", "", "tokens/s/core", "Relative", "(least .. most)");
    for (int way = 0; way < ways.names().size(); way++) {
      String name = ways.names().get(way);
      Repeats ratio = ways.faster(way, 0);
      out.printf(
          Locale.ROOT,
          "  %-40s %,14.0f %8.2fX %18s%n",
          name,
          tokens / ways.seconds(way).median(),
          ratio.median(),
          String.format(Locale.ROOT, "(%.2f .. %.2f)", ratio.least(), ratio.most()));
      if (!stages.get(name).isEmpty()) {
        out.println("      " + stages.get(name));
      }
    }
    out.flush();
  }
}
