package io.embark.bench;

import io.embark.cli.JobSettings;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedCommand;
import io.embark.cli.embed.EmbedRun;
import io.embark.cli.embed.EmbedSettings;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/**
 * How much faster a static model is than the model whose words it has: the whole embed job, Parquet
 * to Parquet, at default settings, on fewer rows with the one and on many with the other.
 */
final class StaticSpeed {
  private static final String STATIC = "static model";

  private final SparkSession spark;
  private final PrintWriter out;
  private final int threads;
  private final int turns;
  private final String model;
  private final Map<String, List<Double>> cpuSeconds = new HashMap<>();
  private final Path folder = Files.createTempDirectory("embark-bench");

  StaticSpeed(SparkSession spark, PrintWriter out, int threads, int turns, String model)
      throws IOException {
    this.spark = spark;
    this.out = out;
    this.threads = threads;
    this.turns = turns;
    this.model = model;
  }

  /**
   * Measures and prints.
   *
   * @param rows that the model embeds
   * @param staticRows that the static model embeds, the same and more
   */
  void measure(Corpus corpus, int rows, int staticRows) throws Exception {
    ModelDirectory own = ModelStore.ofThisHost(new Configuration()).open(model, null);
    String fromWords = StaticModel.of(own).toString();
    List<String> texts = corpus.texts(spark, Math.max(rows, staticRows));
    String few = write(texts.subList(0, rows), "few");
    String many = write(texts.subList(0, staticRows), "many");
    Turns measured =
        new Turns(turns)
            .way(model, () -> job(few, model, "table"))
            .way(STATIC, () -> job(many, fromWords, "static-table"))
            .run();
    double[] ratios = new double[turns];
    for (int turn = 0; turn < turns; turn++) {
      ratios[turn] =
          staticRows
              / measured.seconds(1).values()[turn]
              / (rows / measured.seconds(0).values()[turn]);
    }
    out.printf(Locale.ROOT, "%n%s (%s)%n", corpus, corpus.inWords());
    out.printf(
        "  %-32s %9s %9s %20s %16s%n",
        "embed job, Parquet to Parquet", "rows", "rows/s", "", "CPU us a row");
    print(measured, 0, rows);
    print(measured, 1, staticRows);
    out.printf("  rows/s of the static model, relative: %s%n", Turns.inWords(new Repeats(ratios)));
    out.flush();
  }

  /** Of all threads of this process in the median turn: it tells what other processes took away. */
  private double cpuMicros(String way, int rows) {
    List<Double> turned = cpuSeconds.get(way);
    double[] counted =
        turned.subList(turned.size() - turns, turned.size()).stream()
            .mapToDouble(Double::doubleValue)
            .toArray();
    return 1e6 * new Repeats(counted).median() / rows;
  }

  private static double cpuSeconds() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime()
        / 1e9;
  }

  private void print(Turns measured, int way, int rows) {
    Repeats seconds = measured.seconds(way);
    out.printf(
        Locale.ROOT,
        "  %-32s %,9d %,9.0f %20s %,16.0f%n",
        measured.names().get(way),
        rows,
        rows / seconds.median(),
        String.format(
            Locale.ROOT, "(%,.0f .. %,.0f)", rows / seconds.most(), rows / seconds.least()),
        cpuMicros(measured.names().get(way), rows));
  }

  private String write(List<String> texts, String name) {
    String path = folder.resolve(name).toString();
    spark
        .createDataset(texts, Encoders.STRING())
        .toDF("text")
        .repartition(2 * threads)
        .write()
        .parquet(path);
    return path;
  }

  /** All that {@code jobs/embed.sh} does once Spark has started. */
  private void job(String input, String model, String table)
      throws IOException, InterruptedException {
    String output = folder.resolve(table).toString();
    JobSettings settings =
        JobSettings.of(
            new EmbedCommand()
                .commandLine()
                .parseArgs(
                    "--input", input, "--output", output, "--mode", "overwrite", "--model", model),
            JobSettings.all(EmbedSettings.ALL));
    double before = cpuSeconds();
    new EmbedRun(spark, settings, new Words(Writer.nullWriter())).call();
    cpuSeconds
        .computeIfAbsent(model.equals(this.model) ? model : STATIC, way -> new ArrayList<>())
        .add(cpuSeconds() - before);
  }
}
