package io.embark.job;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelStore;
import io.embark.onnx.Device;
import io.embark.onnx.ShapesOnlyModel;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.spark.EmbeddingMetrics;
import io.embark.spark.ModelFacts;
import io.embark.spark.OutputType;
import io.embark.spark.TextEmbedder;
import io.embark.spark.VectorParquet;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
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

  private final SparkSession spark;
  private final PrintWriter out;
  private final int threads;
  private final int repeats;
  private final EmbedderConfig config;

  /**
   * @param model whose tokenizer, shapes and maximum length are taken
   */
  HostCeiling(SparkSession spark, PrintWriter out, int threads, int repeats, String model)
      throws IOException {
    this.spark = spark;
    this.out = out;
    this.threads = threads;
    this.repeats = repeats;
    ModelFacts real =
        ModelFacts.of(EmbedderConfig.of(model).toBuilder().device(Device.CPU).build());
    ModelDirectory directory =
        ModelStore.ofThisHost(new Configuration())
            .open(real.config().get(Setting.MODEL), real.config().get(Setting.MODEL_FILE));
    Path shapes = Files.createTempDirectory("embark-ceiling");
    ShapesOnlyModel.write(shapes.resolve("model.onnx"), real.dimensions().get(0));
    Files.copy(directory.tokenizerJson(), shapes.resolve("tokenizer.json"));
    this.config =
        EmbedderConfig.of(shapes.toString()).toBuilder()
            .pooling(Pooling.POOLER)
            .normalize(Norm.NONE)
            .maxLength(real.config().get(Setting.MAX_LENGTH))
            .device(Device.CPU)
            .intraOpThreads(1)
            .tokenBudget(TOKEN_BUDGET)
            .build();
  }

  /** Seconds of all threads together, one value a repeat. */
  private final class Series {
    private final String name;
    private final double[] coreSeconds = new double[repeats];
    private String stages = "";

    Series(String name) {
      this.name = name;
    }
  }

  /**
   * Measures and prints.
   *
   * @throws TimeoutException if Spark does not say within ten seconds what its tasks took
   */
  void measure(Corpus corpus, int rows) throws IOException, TimeoutException {
    List<String> texts = corpus.texts(spark, rows);
    Path folder = Files.createTempDirectory("embark-bench");
    String input = folder.resolve("in").toString();
    spark
        .createDataset(texts, Encoders.STRING())
        .toDF("text")
        .repartition(threads)
        .write()
        .parquet(input);
    Series alone = new Series("tokenizer alone");
    Series inGraph = new Series("Java loop, vectors from the graph");
    Series inJava = new Series("Java loop, token states pooled in Java");
    Series noop = new Series("Spark job, rows to nowhere");
    Series vectors = new Series("Spark job, Parquet of MLlib vectors");
    Series floats = new Series("Spark job, Parquet of floats");
    long tokens = 0;
    try (StagedLoop graph = new StagedLoop(config, TOKEN_BUDGET, StagedLoop.PooledIn.GRAPH);
        StagedLoop java = new StagedLoop(config, TOKEN_BUDGET, StagedLoop.PooledIn.JAVA)) {
      for (int repeat = -1; repeat < repeats; repeat++) {
        graph.reset();
        keep(
            alone,
            repeat,
            threads * Repeats.seconds(() -> Repeats.parallel(texts, threads, graph::tokenizeOnly)));
        tokens = graph.tokens.sum();
        loop(inGraph, repeat, graph, texts);
        loop(inJava, repeat, java, texts);
        job(noop, repeat, input, OutputType.VECTOR, writer -> writer.format("noop").save());
        String to = folder.resolve("out" + repeat).toString();
        job(vectors, repeat, input, OutputType.VECTOR, writer -> writer.parquet(to + "-vectors"));
        job(floats, repeat, input, OutputType.FLOAT, writer -> writer.parquet(to + "-floats"));
      }
    }
    print(corpus, texts.size(), tokens, List.of(alone, inGraph, inJava, noop, vectors, floats));
  }

  private static void keep(Series series, int repeat, double coreSeconds) {
    if (repeat >= 0) {
      series.coreSeconds[repeat] = coreSeconds;
    }
  }

  private void loop(Series series, int repeat, StagedLoop loop, List<String> texts) {
    loop.reset();
    double seconds = Repeats.seconds(() -> Repeats.parallel(texts, threads, loop::embed));
    keep(series, repeat, threads * seconds);
    double all = threads * seconds * 1e9;
    series.stages =
        stages(
            "tokenise", loop.tokenize.sum() / all,
            "plan", loop.plan.sum() / all,
            "fill, session, transfer", loop.session.sum() / all,
            "pool", loop.pool.sum() / all);
  }

  private interface Sink {
    void write(DataFrameWriter<Row> writer);
  }

  private void job(Series series, int repeat, String input, OutputType type, Sink sink)
      throws TimeoutException {
    TextEmbedder embedder =
        new TextEmbedder().setConfig(config).setPrefetch("0").setOutputType(type.label());
    Dataset<Row> embedded = embedder.transform(spark.read().parquet(input));
    TaskSeconds tasks = new TaskSeconds();
    spark.sparkContext().addSparkListener(tasks);
    try {
      sink.write(
          embedded.write().mode("overwrite").options(VectorParquet.options(embedded.schema())));
      spark.sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      spark.sparkContext().removeSparkListener(tasks);
    }
    keep(series, repeat, tasks.seconds());
    EmbeddingMetrics metrics = embedder.metrics(spark);
    double all = tasks.seconds();
    double known = metrics.readSeconds() + metrics.tokenizeSeconds() + metrics.waitSeconds();
    series.stages =
        stages(
            "read", metrics.readSeconds() / all,
            "tokenise", metrics.tokenizeSeconds() / all,
            "plan", (metrics.waitSeconds() - metrics.modelSeconds()) / all,
            "fill, session, transfer", metrics.modelSeconds() / all,
            "rows and writing", (all - known) / all);
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

  private void print(Corpus corpus, int rows, long tokens, List<Series> all) {
    out.println();
    out.printf(
        Locale.ROOT, "%s: %,d rows, %.1f tokens a row%n", corpus, rows, (double) tokens / rows);
    out.printf("  %-40s %14s %24s %9s%n", "", "tokens/s/core", "(least .. most)", "Relative");
    double[] base = all.get(0).coreSeconds;
    for (Series series : all) {
      double[] speeds = new double[repeats];
      double[] ratios = new double[repeats];
      for (int i = 0; i < repeats; i++) {
        speeds[i] = tokens / series.coreSeconds[i];
        // Within a repeat, for the machine's own speed drifts from one to the next.
        ratios[i] = base[i] / series.coreSeconds[i];
      }
      Repeats speed = new Repeats(speeds);
      out.printf(
          Locale.ROOT,
          "  %-40s %,14.0f %24s %8.2fX%n",
          series.name,
          speed.median(),
          String.format(Locale.ROOT, "(%,.0f .. %,.0f)", speed.least(), speed.most()),
          new Repeats(ratios).median());
      if (!series.stages.isEmpty()) {
        out.println("      " + series.stages);
      }
    }
    out.flush();
  }
}
