package io.embark.bench;

import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the benchmarks of components and shows what each takes of a text, beside the tokenizer. */
public final class Components {
  private static final String BASE = "TokenizerBenchmark.tokenize";

  private Components() {}

  /** Arguments are those of JMH; they win over what is set here. */
  public static void main(String[] args)
      throws RunnerException, CommandLineOptionException, IOException {
    Options options =
        new OptionsBuilder()
            .parent(new CommandLineOptions(args))
            .mode(Mode.AverageTime)
            .timeUnit(TimeUnit.MICROSECONDS)
            .forks(2)
            .warmupIterations(3)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(4)
            .measurementTime(TimeValue.seconds(1))
            .verbosity(VerboseMode.SILENT)
            .build();
    Collection<RunResult> results = new Runner(options).run();
    double base =
        results.stream()
            .filter(result -> name(result).equals(BASE))
            .mapToDouble(result -> result.getPrimaryResult().getScore())
            .findFirst()
            .orElse(Double.NaN);
    System.out.printf(
        "JDK %s; %,d texts (%s); command: jobs/bench.sh --components %s%n",
        System.getProperty("java.version"),
        SampleTexts.TEXTS,
        Corpus.MIXED.inWords(),
        String.join(" ", args));
    System.out.printf("  %-46s %11s %20s %9s%n", "", "us a text", "(99.9 % interval)", "Relative");
    for (RunResult result : results) {
      Result<?> primary = result.getPrimaryResult();
      double[] interval = primary.getScoreConfidence();
      System.out.printf(
          Locale.ROOT,
          "  %-46s %11.3f %20s %8.4fX%n",
          name(result),
          primary.getScore(),
          String.format(Locale.ROOT, "(%.3f .. %.3f)", interval[0], interval[1]),
          primary.getScore() / base);
    }
  }

  private static String name(RunResult result) {
    String[] parts = result.getParams().getBenchmark().split("\\.");
    String name = parts[parts.length - 2] + "." + parts[parts.length - 1];
    StringBuilder text = new StringBuilder(name);
    for (String key : result.getParams().getParamsKeys()) {
      text.append(' ').append(result.getParams().getParam(key).toLowerCase(Locale.ROOT));
    }
    return text.toString();
  }
}
