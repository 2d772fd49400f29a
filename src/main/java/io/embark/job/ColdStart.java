package io.embark.job;

import io.embark.embed.EmbedderConfig;
import io.embark.model.ModelDirectory;
import io.embark.model.ModelStore;
import io.embark.onnx.Device;
import io.embark.onnx.RawRuns;
import io.embark.spark.TextEmbedder;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/**
 * How long it takes from nothing to the first vector, each time in a JVM of its own, against the
 * start of Spark and the loading of a session with nothing else.
 */
final class ColdStart {
  private static final String DONE = "embark-start";

  /** What a JVM is started for; it says how many seconds after its own start it was done. */
  enum Goal {
    /** A Spark session, then an ONNX Runtime session of the model's file, one after the other. */
    PARTS {
      @Override
      List<Double> reach(String model) throws IOException {
        SparkSession.builder().getOrCreate();
        double spark = sinceStart();
        ModelDirectory directory = ModelStore.ofThisHost(new Configuration()).open(model, null);
        RawRuns.ofFile(directory.onnxFile()).close();
        return List.of(spark, sinceStart());
      }
    },
    /** A Spark session, and a vector out of it. */
    VECTOR {
      @Override
      List<Double> reach(String model) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        double started = sinceStart();
        new TextEmbedder()
            .setConfig(EmbedderConfig.of(model).toBuilder().device(Device.CPU).build())
            .transform(
                spark
                    .createDataset(List.of("The first of all texts."), Encoders.STRING())
                    .toDF("text"))
            .head();
        return List.of(started, sinceStart());
      }
    };

    /** Seconds after the start of the JVM at which Spark had started, and at the end. */
    abstract List<Double> reach(String model) throws IOException;
  }

  private final SparkSession spark;
  private final PrintWriter out;
  private final int turns;
  private final String model;

  ColdStart(SparkSession spark, PrintWriter out, int turns, String model) {
    this.spark = spark;
    this.out = out;
    this.turns = turns;
    this.model = model;
  }

  /** Entry of the JVMs that are started. */
  public static void main(String[] args) throws IOException {
    List<Double> seconds = Goal.valueOf(args[0]).reach(args[1]);
    System.out.printf(Locale.ROOT, "%s %.3f %.3f%n", DONE, seconds.get(0), seconds.get(1));
    // Nobody waits for Spark to put its things away.
    Runtime.getRuntime().halt(0);
  }

  private static double sinceStart() {
    return (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1e3;
  }

  /** Measures and prints. */
  void measure() throws IOException, InterruptedException {
    Goal[] goals = Goal.values();
    double[][] started = new double[goals.length][turns];
    double[][] done = new double[goals.length][turns];
    double[] ratios = new double[turns];
    for (int turn = -1; turn < turns; turn++) {
      for (int i = 0; i < goals.length; i++) {
        Goal goal = goals[(i + turn + 1) % goals.length];
        double[] seconds = seconds(goal);
        if (turn >= 0) {
          started[goal.ordinal()][turn] = seconds[0];
          done[goal.ordinal()][turn] = seconds[1];
        }
      }
      if (turn >= 0) {
        ratios[turn] = done[Goal.VECTOR.ordinal()][turn] / done[Goal.PARTS.ordinal()][turn];
      }
    }
    out.printf("%nFrom the start of a JVM, seconds, each in one of its own%n");
    out.printf("  %-52s %9s %20s%n", "", "median", "(least .. most)");
    line("Spark has started", started[Goal.PARTS.ordinal()]);
    line("and ONNX Runtime has loaded the model, nothing else", done[Goal.PARTS.ordinal()]);
    line("TextEmbedder has given its first vector", done[Goal.VECTOR.ordinal()]);
    out.printf(
        "  first vector against start and load alone: %s%n", Turns.inWords(new Repeats(ratios)));
    out.flush();
  }

  private void line(String name, double[] seconds) {
    Repeats repeats = new Repeats(seconds);
    out.printf(
        Locale.ROOT,
        "  %-52s %9.2f %20s%n",
        name,
        repeats.median(),
        String.format(Locale.ROOT, "(%.2f .. %.2f)", repeats.least(), repeats.most()));
  }

  private double[] seconds(Goal goal) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    Arrays.stream(spark.sparkContext().getConf().getAll())
        .filter(entry -> !entry._1().startsWith("spark.app.") && !entry._1().contains(".port"))
        .forEach(entry -> command.add("-D" + entry._1() + "=" + entry._2()));
    command.addAll(List.of("-Dspark.app.name=embark start", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(ColdStart.class.getName(), goal.name(), model));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    return printed
        .lines()
        .filter(line -> line.startsWith(DONE))
        .map(
            line ->
                Arrays.stream(line.split(" ")).skip(1).mapToDouble(Double::parseDouble).toArray())
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "A JVM started for %s ended with %d and said: %s"
                        .formatted(goal, code, printed)));
  }
}
