package io.embark.bench;

import io.embark.cli.Main;
import io.embark.onnx.OnnxRuntime;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Measures Embark against what it could be at best: ONNX Runtime without anything around it, the
 * tokenizer alone, the start of Spark and of a session alone, its own speed on fewer rows. Ratios
 * come from one run, in which the ways take turns.
 */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures Embark against the limits of this machine, on texts made of the shipped sample.")
public final class BenchCommand implements Callable<Integer> {
  private static final int FEWEST_ROWS = 10_000;

  /** What can be measured. */
  enum Part {
    /** The job against ONNX Runtime alone. */
    THROUGHPUT,
    /** What several poolings cost. */
    POOLINGS,
    /** What the host can feed to a GPU. */
    CEILING,
    /** Accounts, hashes, and the comparison of an incremental run. */
    COSTS,
    /** What vectors take in Parquet, by type, encoding and codec. */
    ENCODINGS,
    /** A static model against the model whose words it has. */
    STATIC,
    /** From nothing to the first vector. */
    START,
    /** Time from few rows to many, and from short texts to long ones. */
    GROWTH,
    /** Live heap from few rows to many. */
    MEMORY,
    /** Nothing: large runs by calculation. */
    SCALING;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--measure",
      split = ",",
      defaultValue = "throughput",
      description =
          "What to measure: throughput (the job against ONNX Runtime alone without padding),"
              + " poolings (one against four), start (from nothing to the first vector), growth"
              + " (time a row and token from few to many) and memory (live heap), both with a model"
              + " that computes next to nothing, ceiling, costs, encodings (bytes a vector); or"
              + " scaling: large runs by calculation, see docs/scaling.md. Default:"
              + " ${DEFAULT-VALUE}.")
  private List<Part> parts;

  @Option(
      names = "--corpora",
      split = ",",
      defaultValue = "short,mixed,long",
      description =
          "Texts for throughput and ceiling: short, mixed, long; their lengths stand in the report."
              + " Default: ${DEFAULT-VALUE}.")
  private List<Corpus> corpora;

  @Option(
      names = "--model",
      defaultValue = "builtin:all-MiniLM-L6-v2",
      description = "The model. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--rows",
      defaultValue = "20000",
      description =
          "Rows of short texts; of longer ones as many as make about as many tokens. Default:"
              + " ${DEFAULT-VALUE}.")
  private int rows;

  @Option(
      names = "--ceiling",
      description =
          "Short for --measure ceiling: what the host can feed to a GPU, with a model of the same"
              + " shapes that computes next to nothing, against the tokenizer alone. Give it 20000"
              + " rows or more.")
  private boolean ceiling;

  @Option(
      names = "--costs",
      description =
          "Short for --measure costs: what a job's bookkeeping costs, that is accounts, hashes, and"
              + " comparing the input with a table in incremental mode.")
  private boolean costs;

  @Option(
      names = "--known-rows",
      defaultValue = "1000000",
      description = "Rows of that table, for costs. Default: ${DEFAULT-VALUE}.")
  private int knownRows;

  @Option(
      names = "--static-rows",
      defaultValue = "300000",
      description = "Rows that the static model embeds, for static. Default: ${DEFAULT-VALUE}.")
  private int staticRows;

  @Option(
      names = "--repeats",
      defaultValue = "3",
      description = "Turns that count, after one that does not. Default: ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(
      names = "--most-rows",
      defaultValue = "1000000",
      description = "Rows that growth and memory go up to, from 10000. Default: ${DEFAULT-VALUE}.")
  private int mostRows;

  @Option(
      names = "--gpu-tokens",
      split = ",",
      defaultValue = "100000,400000",
      description = "For scaling: tokens/s assumed of a GPU. Default: ${DEFAULT-VALUE}.")
  private List<Double> gpuTokens;

  @Option(
      names = "--cores-per-gpu",
      defaultValue = "8",
      description = "For scaling: cores that feed a GPU. Default: ${DEFAULT-VALUE}.")
  private int coresPerGpu;

  @Option(
      names = "--gpu-hour",
      defaultValue = "1",
      description =
          "For scaling: price of an hour of a GPU and its cores. Default: ${DEFAULT-VALUE}.")
  private double price;

  @Option(
      names = "--spark-conf",
      paramLabel = "KEY=VALUE",
      description =
          "A setting of Spark's; otherwise those of conf/spark-defaults.conf, on all cores.")
  private Map<String, String> sparkConf = Map.of();

  @Spec private CommandSpec spec;

  private BenchCommand() {}

  /** Measures, and ends the JVM with the command's exit code. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new BenchCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(args));
  }

  /** A session with the settings that {@code spark-submit} would read. */
  private SparkSession session() throws IOException {
    String folder = System.getenv().getOrDefault("SPARK_CONF_DIR", "conf");
    Properties defaults = new Properties();
    try (Reader file = Files.newBufferedReader(Path.of(folder, "spark-defaults.conf"))) {
      defaults.load(file);
    }
    SparkSession.Builder builder =
        SparkSession.builder().appName("embark bench").master("local[*]");
    defaults.stringPropertyNames().forEach(key -> builder.config(key, defaults.getProperty(key)));
    sparkConf.forEach(builder::config);
    return builder.getOrCreate();
  }

  @Override
  public Integer call() throws Exception {
    SparkSession spark = session();
    try {
      PrintWriter out = spec.commandLine().getOut();
      int threads = spark.sparkContext().defaultParallelism();
      out.printf(
          "Embark %s, Spark %s (%s), ONNX Runtime %s, JDK %s, %s%n",
          Main.version(),
          spark.version(),
          spark.sparkContext().master(),
          OnnxRuntime.version(),
          System.getProperty("java.version"),
          cpu());
      out.printf(
          "Data: texts made of the sentences of the shipped sample, none twice; model %s, %d"
              + " threads, %d turns; command: jobs/bench.sh %s%n",
          model, threads, repeats, arguments());
      for (Part part : ceiling ? List.of(Part.CEILING) : costs ? List.of(Part.COSTS) : parts) {
        measure(part, spark, out, threads);
      }
      return 0;
    } finally {
      spark.stop();
    }
  }

  private void measure(Part part, SparkSession spark, PrintWriter out, int threads)
      throws Exception {
    switch (part) {
      case THROUGHPUT -> {
        Throughput throughput = new Throughput(spark, out, threads, repeats, model);
        throughput.explain();
        for (Corpus corpus : corpora) {
          throughput.measure(corpus, corpus.rows(rows));
        }
      }
      case POOLINGS -> {
        Throughput throughput = new Throughput(spark, out, threads, repeats, model);
        for (Corpus corpus : corpora) {
          throughput.measurePoolings(corpus, corpus.rows(rows));
        }
      }
      case CEILING -> {
        HostCeiling host = new HostCeiling(spark, out, threads, repeats, model);
        host.explain();
        for (Corpus corpus : corpora) {
          host.measure(corpus, rows);
        }
      }
      case COSTS -> {
        JobCosts job = new JobCosts(spark, out, threads, repeats, model);
        for (Corpus corpus : corpora) {
          job.measure(corpus, rows, knownRows);
        }
      }
      case ENCODINGS -> {
        for (Corpus corpus : corpora) {
          new VectorEncodings(spark, out, repeats, model).measure(corpus, rows);
        }
      }
      case STATIC -> {
        StaticSpeed job = new StaticSpeed(spark, out, threads, repeats, model);
        for (Corpus corpus : corpora) {
          job.measure(corpus, corpus.rows(rows), corpus.rows(staticRows));
        }
      }
      case START -> new ColdStart(spark, out, repeats, model).measure();
      case SCALING -> Scaling.print(out, gpuTokens, coresPerGpu, price);
      case GROWTH -> new Growth(spark, out, threads, repeats, model).costs(FEWEST_ROWS, mostRows);
      case MEMORY -> new Growth(spark, out, threads, repeats, model).memory(FEWEST_ROWS, mostRows);
    }
  }

  private String arguments() {
    return String.join(" ", spec.commandLine().getParseResult().originalArgs());
  }

  /** Processors of this machine. */
  static String cpu() throws IOException {
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
