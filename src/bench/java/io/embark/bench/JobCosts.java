package io.embark.bench;

import io.embark.batch.Batch;
import io.embark.embed.ChunkMode;
import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.EmbeddingStats;
import io.embark.embed.EmbeddingStream;
import io.embark.input.InputFiles;
import io.embark.onnx.Device;
import io.embark.spark.TextEmbedder;
import io.embark.spark.metrics.EmbeddingMetrics;
import io.embark.spark.parquet.RowCounter;
import io.embark.spark.parquet.RowTotals;
import io.embark.spark.parquet.VectorParquetFormat;
import io.embark.table.Changes;
import io.embark.table.Changes.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * What a job's bookkeeping costs beside embedding: accounts, hashes, and the comparison of an input
 * with a table that knows every row of it. Each part is measured alone, because together they drown
 * in the noise of the model, and set against a job over the same texts in the same run.
 */
final class JobCosts {
  private static final String[] ACCOUNTS = {
    "token_count", "tokens_used", "truncated", "unknown_token_ratio", "status"
  };

  private static final Map<String, String> COUNTED = RowCounter.options(ChunkMode.NONE, "");

  private final SparkSession spark;
  private final PrintWriter out;
  private final int threads;
  private final int repeats;
  private final EmbedderConfig config;
  private final Path folder = Files.createTempDirectory("embark-costs");

  JobCosts(SparkSession spark, PrintWriter out, int threads, int repeats, String model)
      throws IOException {
    this.spark = spark;
    this.out = out;
    this.threads = threads;
    this.repeats = repeats;
    this.config = EmbedderConfig.of(model).toBuilder().device(Device.CPU).intraOpThreads(1).build();
  }

  /**
   * Measures and prints.
   *
   * @param known rows that the comparison is made with, or some more
   */
  void measure(Corpus corpus, int rows, int known) throws Exception {
    List<String> texts = corpus.texts(spark, rows);
    String input = write(texts, "in");
    String embedded = folder.resolve("embedded").toString();
    Turns parts = new Turns(repeats);
    try (Embedder plain = Embedder.open(config)) {
      parts
          .timed("embedding, Parquet to Parquet", () -> embed(input, embedded))
          .timed("telling counters of buffers and batches", () -> counting(plain, texts))
          .timed("account columns: writing them", () -> accounts(embedded))
          .timed("counts read back before publishing", () -> readBack(embedded))
          .timed("SHA-256 of texts, hash of other columns", () -> hashes(input))
          .run();
    }
    out.printf(Locale.ROOT, "%n%s: %,d rows%n", corpus, rows);
    Repeats job = parts.seconds(0);
    double[] sums = new double[repeats];
    for (int part = 0; part < parts.names().size(); part++) {
      Repeats seconds = parts.seconds(part);
      double[] shares = new double[repeats];
      for (int turn = 0; turn < repeats; turn++) {
        shares[turn] = 100 * seconds.values()[turn] / job.values()[turn];
        sums[turn] += part == 0 ? 0 : shares[turn];
      }
      print(parts.names().get(part), seconds, new Repeats(shares));
    }
    Repeats sum = new Repeats(sums);
    out.printf(
        Locale.ROOT,
        "  %-44s %31s %8.2f %% (%.2f .. %.2f)%n",
        "all but embedding",
        "",
        sum.median(),
        sum.least(),
        sum.most());
    compare(texts, known, rows / job.median());
    out.flush();
  }

  private void print(String name, Repeats seconds, Repeats shares) {
    out.printf(
        Locale.ROOT,
        "  %-44s %9.3f s (%7.3f .. %7.3f) %8.2f %% (%.2f .. %.2f)%n",
        name,
        seconds.median(),
        seconds.least(),
        seconds.most(),
        shares.median(),
        shares.least(),
        shares.most());
  }

  private String write(List<String> texts, String name) {
    String path = folder.resolve(name).toString();
    spark
        .createDataset(texts, Encoders.STRING())
        .toDF("text")
        .withColumn("id", functions.monotonically_increasing_id())
        .repartition(2 * threads)
        .write()
        .parquet(path);
    return path;
  }

  private double embed(String input, String output) {
    TextEmbedder embedder = new TextEmbedder().setConfig(config);
    Dataset<Row> rows = embedder.transform(spark.read().parquet(input));
    return Repeats.seconds(() -> write(rows, output, COUNTED));
  }

  private static void write(Dataset<Row> rows, String output) {
    write(rows, output, Map.of());
  }

  private static void write(Dataset<Row> rows, String output, Map<String, String> options) {
    rows.write().options(options).mode("overwrite").format(VectorParquetFormat.NAME).save(output);
  }

  /** By one thread, whose time is that of so many. */
  private double counting(Embedder embedder, List<String> texts) {
    // Some texts do: a counter costs the same whatever it counts.
    List<String> some = texts.subList(0, Math.min(texts.size(), 500));
    TimedStats stats = new TimedStats(new TextEmbedder().metrics(spark));
    new EmbeddingStream<>(embedder, some.iterator(), t -> t, (t, e) -> e, stats)
        .forEachRemaining(e -> {});
    return stats.nanos.sum() / 1e9 * texts.size() / some.size() / threads;
  }

  /** Passes on, and takes the time. */
  private record TimedStats(EmbeddingMetrics metrics, LongAdder nanos) implements EmbeddingStats {
    TimedStats(EmbeddingMetrics metrics) {
      this(metrics, new LongAdder());
    }

    private void time(Runnable call) {
      long start = System.nanoTime();
      call.run();
      nanos.add(System.nanoTime() - start);
    }

    @Override
    public void read(int rows, long taken) {
      time(() -> metrics.read(rows, taken));
    }

    @Override
    public void tokenized(int texts, long taken) {
      time(() -> metrics.tokenized(texts, taken));
    }

    @Override
    public void waited(long taken) {
      time(() -> metrics.waited(taken));
    }

    @Override
    public void batch(Batch batch, long taken) {
      time(() -> metrics.batch(batch, taken));
    }
  }

  /** What a copy of the table takes more than one without these columns. */
  private double accounts(String embedded) {
    Dataset<Row> all = spark.read().parquet(embedded);
    Dataset<Row> without = all.drop(ACCOUNTS);
    String copy = folder.resolve("copy").toString();
    double with = Repeats.seconds(() -> write(all, copy));
    return Math.max(0, with - Repeats.seconds(() -> write(without, copy)));
  }

  private double readBack(String embedded) throws IOException {
    long start = System.nanoTime();
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    InputFiles.Given given =
        new InputFiles.Given(embedded, new org.apache.hadoop.fs.Path(embedded));
    RowTotals.read(InputFiles.at(List.of(given), Optional.empty(), hadoop).files(), hadoop);
    return (System.nanoTime() - start) / 1e9;
  }

  /** What reading takes more than without hashing. */
  private double hashes(String input) {
    Dataset<Row> rows = spark.read().parquet(input);
    Column[] hashed = {
      functions.sha2(functions.col("text"), 256), functions.xxhash64(functions.col("id"))
    };
    double with =
        Repeats.seconds(() -> rows.select(hashed).write().format("noop").mode("append").save());
    double without = Repeats.seconds(() -> rows.write().format("noop").mode("append").save());
    return Math.max(0, with - without);
  }

  /** A table with a vector in each row, which the comparison does not read, and the same input. */
  private void compare(List<String> texts, int atLeast, double rowsPerSecond) throws IOException {
    String input = folder.resolve("known").toString();
    String table = folder.resolve("table").toString();
    Dataset<Row> some =
        spark.createDataset(texts, Encoders.STRING()).toDF("t").withColumn("n", functions.lit(1));
    int copies = (atLeast + texts.size() - 1) / texts.size();
    int known = copies * texts.size();
    some.crossJoin(spark.range(copies).toDF("copy"))
        .withColumn("id", functions.monotonically_increasing_id())
        .select(
            functions.col("id"),
            functions.concat_ws(" ", functions.col("t"), functions.col("id")).as("text"))
        .repartition(Math.max(2 * threads, known / 20_000))
        .write()
        .mode("overwrite")
        .parquet(input);
    Dataset<Row> rows = spark.read().parquet(input);
    rows.withColumn(
            "embedding",
            functions.array_repeat(functions.hash(functions.col("id")).cast("float"), 384))
        .withColumn("status", functions.lit("OK"))
        .withColumn("token_count", functions.length(functions.col("text")))
        .withColumn("tokens_used", functions.col("token_count"))
        .withColumn("truncated", functions.lit(false))
        .withColumn("unknown_token_ratio", functions.lit(0f))
        .write()
        .mode("overwrite")
        .options(COUNTED)
        .format(VectorParquetFormat.NAME)
        .save(table);
    double[] seconds = new double[repeats + 1];
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] = Repeats.seconds(() -> requireSame(rows, table, known));
    }
    double all = known / rowsPerSecond;
    double[] later = Arrays.copyOfRange(seconds, 1, seconds.length);
    out.printf(
        Locale.ROOT,
        "  comparing with a table of %,d known rows: %.1f s the first time, then %.1f s (%.1f .."
            + " %.1f); embedding them, at %.1f rows/s: %,.0f s; share %.2f %% the first time, then"
            + " %.2f %%%n",
        known,
        seconds[0],
        new Repeats(later).median(),
        new Repeats(later).least(),
        new Repeats(later).most(),
        rowsPerSecond,
        all,
        100 * seconds[0] / all,
        100 * new Repeats(later).median() / all);
    double counts = readBack(table);
    out.printf(
        Locale.ROOT,
        "  counts read back from that table: %.1f s, %.2f %%%n",
        counts,
        100 * counts / all);
  }

  private void requireSame(Dataset<Row> rows, String table, int known) {
    Column failed = functions.col("status").startsWith("FAILED");
    Column file = functions.col("_metadata.file_name");
    try (Changes changes =
        Changes.between(rows, spark.read().parquet(table), file, failed, "id", "text")) {
      if (changes.count(Kind.SAME) != known) {
        throw new IllegalStateException("Not the same: " + changes.inWords());
      }
    }
  }
}
