package io.embark.job;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Embedding;
import io.embark.embed.EmbeddingStats;
import io.embark.embed.EmbeddingStream;
import io.embark.onnx.Device;
import io.embark.pooling.Pooling;
import io.embark.spark.EmbeddingMetrics;
import io.embark.spark.TextEmbedder;
import io.embark.spark.VectorParquet;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Compares the Spark job with a plain Java loop over the same embedder, same texts, same number of
 * threads, in one run with alternating repeats: what Spark, rows and Parquet cost on top of the
 * model, and what further poolings cost.
 */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures the Spark job against a plain Java loop over the same embedder.")
final class BenchCommand implements Callable<Integer> {
  @Option(
      names = "--corpora",
      split = ",",
      defaultValue = "short,mixed",
      description =
          "Of the shipped sample: short (at most 100 characters), mixed (everything), long (at least"
              + " 400). Default: ${DEFAULT-VALUE}.")
  private List<Corpus> corpora;

  @Option(
      names = "--model",
      defaultValue = "builtin:all-MiniLM-L6-v2",
      description = "The model. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--rows",
      defaultValue = "2000",
      description =
          "Rows of each corpus; texts repeat when it has fewer. Default: ${DEFAULT-VALUE}.")
  private int rows;

  @Option(
      names = "--ceiling",
      description =
          "Measures what the host can feed to a GPU instead: a model of the same shapes that"
              + " computes next to nothing, against the tokenizer alone. Give it 20000 rows or more.")
  private boolean ceiling;

  @Option(
      names = "--costs",
      description =
          "Measures what a job's bookkeeping costs instead: accounts, hashes, and comparing the input"
              + " with a table in incremental mode.")
  private boolean costs;

  @Option(
      names = "--known-rows",
      defaultValue = "1000000",
      description = "Rows of that table, for --costs. Default: ${DEFAULT-VALUE}.")
  private int knownRows;

  @Option(
      names = "--repeats",
      defaultValue = "5",
      description = "Measured repeats, after one that is not. Default: ${DEFAULT-VALUE}.")
  private int repeats;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, TimeoutException {
    SparkSession spark = SparkSession.builder().appName("embark bench").getOrCreate();
    try {
      PrintWriter out = spec.commandLine().getOut();
      int threads = spark.sparkContext().defaultParallelism();
      out.printf(
          "Embark %s, Spark %s (%s), JDK %s, %s%n",
          Version.of(),
          spark.version(),
          spark.sparkContext().master(),
          System.getProperty("java.version"),
          cpu());
      out.printf(
          "Data: %d rows of the shipped sample, model %s, %d threads, %d repeats; command: jobs/bench.sh %s%n",
          rows, model, threads, repeats, arguments());
      if (ceiling) {
        HostCeiling host = new HostCeiling(spark, out, threads, repeats, model);
        host.explain();
        for (Corpus corpus : corpora) {
          host.measure(corpus, rows);
        }
        return 0;
      }
      if (costs) {
        for (Corpus corpus : corpora) {
          new JobCosts(spark, out, threads, repeats, model).measure(corpus, rows, knownRows);
        }
        return 0;
      }
      for (Corpus corpus : corpora) {
        measure(spark, corpus, threads, out);
      }
      return 0;
    } finally {
      spark.stop();
    }
  }

  private void measure(SparkSession spark, Corpus corpus, int threads, PrintWriter out)
      throws IOException {
    List<String> texts = corpus.texts(spark, rows);
    Path folder = Files.createTempDirectory("embark-bench");
    String input = folder.resolve("in").toString();
    spark
        .createDataset(texts, Encoders.STRING())
        .toDF("text")
        .repartition(2 * threads)
        .write()
        .parquet(input);
    EmbedderConfig config =
        EmbedderConfig.of(model).toBuilder().device(Device.CPU).intraOpThreads(1).build();
    EmbedderConfig four =
        config.toBuilder()
            .pooling(Pooling.MEAN, Pooling.CLS, Pooling.MAX, Pooling.WEIGHTED_MEAN)
            .build();
    double[] loop = new double[repeats];
    double[] loopOfFour = new double[repeats];
    double[] loopOnHost = new double[repeats];
    double[] job = new double[repeats];
    long statesBytes = 0;
    TextEmbedder embedder = new TextEmbedder().setConfig(config);
    long tokens = 0;
    int dimension;
    try (Embedder plain = Embedder.open(config);
        Embedder plainFour = Embedder.open(four);
        StagedLoop onHost = new StagedLoop(config, plain.tokenBudget(), StagedLoop.PooledIn.JAVA)) {
      dimension = plain.dimension();
      for (int repeat = -1; repeat < repeats; repeat++) {
        double loopSeconds =
            Repeats.seconds(() -> Repeats.parallel(texts, threads, part -> plainLoop(plain, part)));
        double fourSeconds =
            Repeats.seconds(
                () -> Repeats.parallel(texts, threads, part -> plainLoop(plainFour, part)));
        onHost.reset();
        double hostSeconds = Repeats.seconds(() -> Repeats.parallel(texts, threads, onHost::embed));
        statesBytes = onHost.bytes.sum();
        Dataset<Row> embedded = embedder.transform(spark.read().parquet(input));
        String output = folder.resolve("out" + repeat).toString();
        double jobSeconds =
            Repeats.seconds(
                () ->
                    embedded
                        .write()
                        .options(VectorParquet.options(embedded.schema()))
                        .parquet(output));
        if (repeat >= 0) {
          loop[repeat] = texts.size() / loopSeconds;
          loopOnHost[repeat] = texts.size() / hostSeconds;
          loopOfFour[repeat] = texts.size() / fourSeconds;
          job[repeat] = texts.size() / jobSeconds;
        } else {
          tokens =
              spark.read().parquet(output).agg(functions.sum("tokens_used")).first().getLong(0);
        }
      }
    }
    EmbeddingMetrics metrics = embedder.metrics(spark);
    out.println();
    out.printf(
        Locale.ROOT,
        "%s: %,d rows, %.1f tokens a row, padding %.1f %%%n",
        corpus,
        texts.size(),
        (double) tokens / texts.size(),
        100 * metrics.padding());
    double perRow = (double) tokens / texts.size();
    out.printf(
        "  %-36s %10s %22s %12s %9s%n", "", "rows/s", "(least .. most)", "tokens/s", "Relative");
    print(out, "plain Java loop", loop, perRow, new Repeats(loop).median());
    print(
        out, "the same, four poolings in one pass", loopOfFour, perRow, new Repeats(loop).median());
    print(out, "the same, pooled in Java", loopOnHost, perRow, new Repeats(loop).median());
    print(out, "Spark job, Parquet to Parquet", job, perRow, new Repeats(loop).median());
    out.printf(
        Locale.ROOT,
        "  bytes a row that leave the session: %,d pooled in the graph, %,d as token states%n",
        4L * dimension,
        statesBytes / texts.size());
    out.flush();
  }

  private static void plainLoop(Embedder embedder, List<String> texts) {
    EmbeddingStream<String, Embedding> stream =
        new EmbeddingStream<>(
            embedder,
            texts.iterator(),
            text -> text,
            (text, embedding) -> embedding,
            EmbeddingStats.NOBODY);
    stream.forEachRemaining(embedding -> {});
  }

  private static void print(
      PrintWriter out, String name, double[] rowsPerSecond, double tokensPerRow, double base) {
    Repeats speed = new Repeats(rowsPerSecond);
    double median = speed.median();
    String range = String.format(Locale.ROOT, "(%.1f .. %.1f)", speed.least(), speed.most());
    out.printf(
        Locale.ROOT,
        "  %-36s %10.1f %22s %12.0f %8.2fX%n",
        name,
        median,
        range,
        median * tokensPerRow,
        median / base);
  }

  /** The arguments after the name of the command. */
  private String arguments() {
    List<String> all = spec.commandLine().getParseResult().originalArgs();
    return String.join(" ", all.subList(all.indexOf("bench") + 1, all.size()));
  }

  private static String cpu() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    int count = Runtime.getRuntime().availableProcessors();
    if (Files.isReadable(info)) {
      for (String line : Files.readAllLines(info)) {
        if (line.startsWith("model name")) {
          return count + " x " + line.substring(line.indexOf(':') + 1).strip();
        }
      }
    }
    return count + " x " + System.getProperty("os.arch");
  }
}
