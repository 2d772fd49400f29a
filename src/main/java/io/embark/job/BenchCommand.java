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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
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
      names = "--repeats",
      defaultValue = "5",
      description = "Measured repeats, after one that is not. Default: ${DEFAULT-VALUE}.")
  private int repeats;

  @Spec private CommandSpec spec;

  private enum Corpus {
    SHORT(text -> text.length() <= 100),
    MIXED(text -> true),
    LONG(text -> text.length() >= 400);

    private final Predicate<String> takes;

    Corpus(Predicate<String> takes) {
      this.takes = takes;
    }
  }

  @Override
  public Integer call() throws IOException {
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
    List<String> texts = texts(spark, corpus);
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
    LongAdder statesBytes = new LongAdder();
    TextEmbedder embedder = new TextEmbedder().setConfig(config);
    long tokens = 0;
    int dimension;
    try (Embedder plain = Embedder.open(config);
        Embedder plainFour = Embedder.open(four);
        HostPooling onHost = new HostPooling(config, plain.tokenBudget())) {
      dimension = plain.dimension();
      for (int repeat = -1; repeat < repeats; repeat++) {
        double loopSeconds =
            seconds(() -> parallel(texts, threads, part -> plainLoop(plain, part)));
        double fourSeconds =
            seconds(() -> parallel(texts, threads, part -> plainLoop(plainFour, part)));
        statesBytes.reset();
        double hostSeconds =
            seconds(() -> parallel(texts, threads, part -> statesBytes.add(onHost.embed(part))));
        Dataset<Row> embedded = embedder.transform(spark.read().parquet(input));
        String output = folder.resolve("out" + repeat).toString();
        double jobSeconds =
            seconds(
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
        corpus.name().toLowerCase(Locale.ROOT),
        texts.size(),
        (double) tokens / texts.size(),
        100 * metrics.padding());
    double perRow = (double) tokens / texts.size();
    out.printf(
        "  %-36s %10s %22s %12s %9s%n", "", "rows/s", "(least .. most)", "tokens/s", "Relative");
    print(out, "plain Java loop", loop, perRow, median(loop));
    print(out, "the same, four poolings in one pass", loopOfFour, perRow, median(loop));
    print(out, "the same, pooled in Java", loopOnHost, perRow, median(loop));
    print(out, "Spark job, Parquet to Parquet", job, perRow, median(loop));
    out.printf(
        Locale.ROOT,
        "  bytes a row that leave the session: %,d pooled in the graph, %,d as token states%n",
        4L * dimension,
        statesBytes.sum() / texts.size());
    out.flush();
  }

  private List<String> texts(SparkSession spark, Corpus corpus) {
    List<String> all =
        spark
            .read()
            .json(EmbedCommand.sampleFile())
            .select("text")
            .as(Encoders.STRING())
            .collectAsList()
            .stream()
            .filter(corpus.takes)
            .toList();
    List<String> texts = new ArrayList<>(rows);
    // A step that shares no factor with most sizes mixes what the file keeps in order.
    for (int i = 0; i < rows; i++) {
      texts.add(all.get((int) ((long) i * 7919 % all.size())));
    }
    return texts;
  }

  /** The same share of the texts for each thread. */
  private static void parallel(List<String> texts, int threads, Consumer<List<String>> work) {
    List<CompletableFuture<Void>> parts = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      List<String> part =
          texts.subList(texts.size() * t / threads, texts.size() * (t + 1) / threads);
      parts.add(CompletableFuture.runAsync(() -> work.accept(part)));
    }
    parts.forEach(CompletableFuture::join);
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

  private static double seconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static void print(
      PrintWriter out, String name, double[] rowsPerSecond, double tokensPerRow, double base) {
    double median = median(rowsPerSecond);
    String range =
        String.format(
            Locale.ROOT,
            "(%.1f .. %.1f)",
            Arrays.stream(rowsPerSecond).min().orElseThrow(),
            Arrays.stream(rowsPerSecond).max().orElseThrow());
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
