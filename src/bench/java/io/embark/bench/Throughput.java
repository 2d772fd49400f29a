package io.embark.bench;

import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.cli.JobSettings;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedCommand;
import io.embark.cli.embed.EmbedRun;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Embedding;
import io.embark.embed.EmbeddingStats;
import io.embark.embed.EmbeddingStream;
import io.embark.embed.Padding;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Device;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.pooling.Layers;
import io.embark.pooling.Norm;
import io.embark.pooling.Pooling;
import io.embark.spark.TextEmbedder;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.parquet.VectorParquetFormat;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * How near the job is to the limit: ONNX Runtime alone on batches without any padding, which are
 * ready before the clock starts.
 */
final class Throughput {
  /** Places of ways among those that {@link #measure} compares. */
  private static final int SPARK = 3;

  private static final int JOB = 4;

  private final SparkSession spark;
  private final PrintWriter out;
  private final int threads;
  private final int turns;
  private final EmbedderConfig config;
  private final ModelDirectory model;

  Throughput(SparkSession spark, PrintWriter out, int threads, int turns, String model)
      throws IOException {
    this.spark = spark;
    this.out = out;
    this.threads = threads;
    this.turns = turns;
    this.model = ModelStore.ofThisHost(new Configuration()).open(model, null);
    this.config =
        EmbedderConfig.of(model).resolve(this.model).toBuilder()
            .device(Device.CPU)
            .intraOpThreads(1)
            .build();
  }

  /** What the table's lines are. */
  void explain() {
    out.printf(
        Locale.ROOT,
        """

        Each line is one way to embed the same texts with %d threads, one for each batch, measured in turns after one
        that is not counted; the order changes from turn to turn. Relative: median and range of the ratios within a turn.
          ONNX Runtime alone   batches of equally long texts, so that nothing is padding, ready as native memory before
                               the clock starts; results are not read. The limit of what two threads can do
          Java loop            texts to vectors without Spark: tokenise, plan, run, copy
          the same, padded     with padding always: texts of like length share a batch, and attention has a mask
          Spark                TextEmbedder from Parquet to Parquet
          embed job            all that jobs/embed.sh does once Spark has started: counting, slices, embedding, checks,
                               publishing a table
        """,
        threads);
    out.flush();
  }

  /** Measures and prints. */
  void measure(Corpus corpus, int rows) throws Exception {
    List<String> texts = corpus.texts(spark, rows);
    Path folder = Files.createTempDirectory("embark-bench");
    String input = folder.resolve("in").toString();
    spark
        .createDataset(texts, Encoders.STRING())
        .toDF("text")
        .repartition(2 * threads)
        .write()
        .parquet(input);
    TextEmbedder embedder = new TextEmbedder().setConfig(config);
    Turns measured = new Turns(turns);
    List<Tokens> tokens = tokenized(texts);
    long count = tokens.stream().mapToLong(Tokens::used).sum();
    EmbedderConfig always =
        config.toBuilder().set(Setting.PADDING, Padding.ALWAYS.label(), "benchmark").build();
    try (RawRuns limit = RawRuns.ofFile(model.onnxFile());
        Embedder plain = Embedder.open(config);
        Embedder padded = Embedder.open(always)) {
      limit.prepare(unpadded(tokens, plain.tokenBudget()));
      measured
          .way("ONNX Runtime alone", () -> limit.run(threads))
          .way("Java loop", () -> loop(plain, texts, threads))
          .way("the same, padded", () -> loop(padded, texts, threads))
          .way("Spark", () -> spark(embedder, input, folder.resolve("spark").toString()))
          .way("embed job", () -> job(input, folder.resolve("table").toString()))
          .run();
    }
    EmbeddingMetrics metrics = embedder.metrics(spark);
    title(corpus, texts, count);
    out.printf(Locale.ROOT, "  padding %.1f %%%n", 100 * metrics.padding());
    measured.print(out, "tokens/s", count);
    out.printf(
        Locale.ROOT,
        "  embed job less Spark: %.2f s a run (medians %.2f and %.2f)%n",
        measured.seconds(JOB).median() - measured.seconds(SPARK).median(),
        measured.seconds(JOB).median(),
        measured.seconds(SPARK).median());
    out.flush();
  }

  /** What pooling costs: one and four, inside the graph. */
  void measurePoolings(Corpus corpus, int rows) throws Exception {
    List<String> texts = corpus.texts(spark, rows);
    EmbedderConfig four =
        config.toBuilder()
            .pooling(Pooling.MEAN, Pooling.CLS, Pooling.MAX, Pooling.WEIGHTED_MEAN)
            .build();
    List<Tokens> tokens = tokenized(texts);
    long count = tokens.stream().mapToLong(Tokens::used).sum();
    PooledOutput mean = new PooledOutput("embark_mean", Pooling.MEAN, Layers.LAST, 0, Norm.L2);
    Turns measured = new Turns(turns);
    try (RawRuns limit = RawRuns.ofFile(model.onnxFile());
        RawRuns pooled = RawRuns.pooled(model.onnxFile(), List.of(mean));
        Embedder one = Embedder.open(config);
        Embedder several = Embedder.open(four)) {
      List<Batch> unpadded = unpadded(tokens, one.tokenBudget());
      limit.prepare(unpadded);
      pooled.prepare(unpadded);
      measured
          .way("ONNX Runtime alone, the model's own graph", () -> limit.run(threads))
          .way("ONNX Runtime alone, pooled to the mean", () -> pooled.run(threads))
          .way("Java loop, mean", () -> loop(one, texts, threads))
          .way("Java loop, mean, CLS, max and weighted mean", () -> loop(several, texts, threads))
          .run();
    }
    title(corpus, texts, count);
    measured.print(out, "tokens/s", count);
    out.printf("  four poolings cost %s as one%n", Turns.inWords(measured.faster(2, 3)));
    out.flush();
  }

  private void title(Corpus corpus, List<String> texts, long tokens) {
    out.printf(
        Locale.ROOT,
        "%n%s (%s): %,d rows, %.1f tokens a row%n",
        corpus,
        corpus.inWords(),
        texts.size(),
        (double) tokens / texts.size());
  }

  private List<Tokens> tokenized(List<String> texts) throws IOException {
    int maxLength = config.get(Setting.MAX_LENGTH);
    try (HfTokenizer tokenizer = HfTokenizer.open(model.tokenizerJson(), maxLength)) {
      return texts.stream().map(tokenizer::encode).toList();
    }
  }

  /** Batches of texts of equal length, as even and as large as the budget allows, longest first. */
  private List<Batch> unpadded(List<Tokens> tokens, int budget) {
    Map<Integer, List<Integer>> byLength = new TreeMap<>(Comparator.reverseOrder());
    for (int i = 0; i < tokens.size(); i++) {
      byLength.computeIfAbsent(tokens.get(i).used(), length -> new ArrayList<>()).add(i);
    }
    BatchPlanner planner = new BatchPlanner(budget, model.padTokenId());
    List<Batch> batches = new ArrayList<>();
    byLength.forEach(
        (length, rows) -> {
          int most = Math.max(1, budget / length);
          int parts = (rows.size() + most - 1) / most;
          for (int p = 0; p < parts; p++) {
            List<Integer> part =
                rows.subList(rows.size() * p / parts, rows.size() * (p + 1) / parts);
            batches.add(planner.batch(tokens, part.stream().mapToInt(i -> i).toArray()));
          }
        });
    return batches;
  }

  /** Embeds in plain Java, a part of the texts in each thread. */
  static void loop(Embedder embedder, List<String> texts, int threads) {
    Repeats.parallel(
        texts,
        threads,
        part ->
            new EmbeddingStream<String, Embedding>(
                    embedder,
                    part.iterator(),
                    text -> text,
                    (text, embedding) -> embedding,
                    EmbeddingStats.NOBODY)
                .forEachRemaining(embedding -> {}));
  }

  private void spark(TextEmbedder embedder, String input, String output) {
    Dataset<Row> embedded = embedder.transform(spark.read().parquet(input));
    embedded.write().mode("overwrite").format(VectorParquetFormat.NAME).save(output);
  }

  private void job(String input, String output) throws IOException, InterruptedException {
    JobSettings settings =
        JobSettings.of(
            new EmbedCommand()
                .commandLine()
                .parseArgs(
                    "--input",
                    input,
                    "--output",
                    output,
                    "--mode",
                    "overwrite",
                    "--model",
                    config.text(Setting.MODEL),
                    "--device",
                    "cpu",
                    "--intra-op-threads",
                    "1"),
            JobSettings.all(EmbedSettings.ALL));
    new EmbedRun(spark, settings, new Words(Writer.nullWriter())).call();
  }
}
