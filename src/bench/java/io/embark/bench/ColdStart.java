package io.embark.bench;

import io.embark.embed.EmbedderConfig;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.onnx.Device;
import io.embark.spark.TextEmbedder;
import io.embark.spark.executor.EarlyEmbedder;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/**
 * How long it takes from nothing to the first vector, each time in a JVM of its own, against the
 * start of Spark and the loading of a session with nothing else.
 */
final class ColdStart {
  private static final String DONE = "embark-start";
  private static final String TEXT = "The first of all texts.";

  /** By which {@code jobs/submit.sh} names what {@code jobs/start-archive.sh} wrote. */
  private static final String ARCHIVE = "-XX:SharedArchiveFile=";

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
    /** A Spark session, and one row that comes out of a task of its, with nothing of Embark. */
    QUERY {
      @Override
      List<Double> reach(String model) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        double started = sinceStart();
        // A function in Java: Spark answers an expression over rows at hand without any task.
        spark
            .createDataset(List.of(TEXT), Encoders.STRING())
            .map((MapFunction<String, Integer>) String::length, Encoders.INT())
            .toDF("length")
            .head();
        return List.of(started, sinceStart());
      }
    },
    /** A Spark session, and a vector out of it, as the embed job goes about it. */
    VECTOR {
      @Override
      List<Double> reach(String model) {
        EmbedderConfig config = EmbedderConfig.of(model).toBuilder().device(Device.CPU).build();
        EarlyEmbedder.start(() -> config);
        SparkSession spark = SparkSession.builder().getOrCreate();
        double started = sinceStart();
        new TextEmbedder()
            .setConfig(config)
            .transform(spark.createDataset(List.of(TEXT), Encoders.STRING()).toDF("text"))
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

  /** Seconds of each turn for one goal. */
  private record Series(Goal goal, boolean archive, double[] started, double[] done) {}

  /** Measures and prints. */
  void measure() throws IOException, InterruptedException {
    boolean archive = jvmArguments().stream().anyMatch(ColdStart::isArchive);
    List<Series> all = new ArrayList<>(series(false));
    if (archive) {
      all.addAll(series(true));
    }
    for (int turn = -1; turn < turns; turn++) {
      for (int i = 0; i < all.size(); i++) {
        Series series = all.get((i + turn + 1) % all.size());
        double[] seconds = seconds(series);
        if (turn >= 0) {
          series.started[turn] = seconds[0];
          series.done[turn] = seconds[1];
        }
      }
    }
    out.printf("%nFrom the start of a JVM, seconds, each in one of its own%n");
    out.printf("  %-52s %9s %20s%n", "", "median", "(least .. most)");
    int goals = Goal.values().length;
    print(all.subList(0, goals));
    if (archive) {
      out.println("The same with the archive of jobs/start-archive.sh");
      print(all.subList(goals, all.size()));
      Series before = all.get(Goal.VECTOR.ordinal());
      Series after = all.get(goals + Goal.VECTOR.ordinal());
      ratios(
          "first vector with the archive against without",
          turn -> after.done[turn] / before.done[turn]);
    }
    out.flush();
  }

  private List<Series> series(boolean archive) {
    return Arrays.stream(Goal.values())
        .map(goal -> new Series(goal, archive, new double[turns], new double[turns]))
        .toList();
  }

  private void print(List<Series> series) {
    Series parts = series.get(Goal.PARTS.ordinal());
    Series query = series.get(Goal.QUERY.ordinal());
    Series vector = series.get(Goal.VECTOR.ordinal());
    line("Spark has started", parts.started);
    line("and ONNX Runtime has loaded the model, nothing else", parts.done);
    line("Spark has answered a query, nothing of Embark", query.done);
    line("TextEmbedder has given its first vector", vector.done);
    ratios("first vector against start and load", turn -> vector.done[turn] / parts.done[turn]);
    ratios(
        "first vector against start, a query and load",
        turn -> vector.done[turn] / (query.done[turn] + parts.done[turn] - parts.started[turn]));
  }

  private void ratios(String name, IntToDoubleFunction ofTurn) {
    double[] ratios = IntStream.range(0, turns).mapToDouble(ofTurn).toArray();
    out.printf("  %s: %s%n", name, Turns.inWords(new Repeats(ratios)));
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

  private static List<String> jvmArguments() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments();
  }

  private static boolean isArchive(String argument) {
    return argument.startsWith(ARCHIVE);
  }

  private double[] seconds(Series series) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    jvmArguments().stream()
        .filter(argument -> series.archive() || !isArchive(argument))
        .forEach(command::add);
    Arrays.stream(spark.sparkContext().getConf().getAll())
        .filter(entry -> !entry._1().startsWith("spark.app.") && !entry._1().contains(".port"))
        .forEach(entry -> command.add("-D" + entry._1() + "=" + entry._2()));
    command.addAll(List.of("-Dspark.app.name=embark start", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(ColdStart.class.getName(), series.goal().name(), model));
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
                        .formatted(series.goal(), code, printed)));
  }
}
