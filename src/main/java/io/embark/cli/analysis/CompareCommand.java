package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.analysis.compare.Comparison;
import io.embark.analysis.compare.ComparisonJson;
import io.embark.analysis.compare.ConsoleReport;
import io.embark.analysis.compare.EmbeddingPass;
import io.embark.analysis.compare.HtmlReport;
import io.embark.analysis.compare.PoolingComparison;
import io.embark.analysis.compare.Scratch;
import io.embark.analysis.compare.Variants;
import io.embark.cli.JobSettings;
import io.embark.cli.Main;
import io.embark.cli.SettingsCommand;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.post.PostChoice;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** The {@code compare} job: which pooling serves the user's own texts best. */
@Command(
    name = "compare",
    description =
        "Embeds texts once with every pooling that the model allows, and measures which serves"
            + " best: on pairs with scores, on labels, or by how the vectors lie.",
    footer = {
      "",
      "Without --input and --pairs it compares on the shipped sample.",
      "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong."
    })
public final class CompareCommand extends SettingsCommand {
  private static final String JSON = "compare.json";
  private static final String HTML = "compare.html";

  /** Names of the files in the output directory. */
  static final List<String> REPORTS = List.of(JSON, HTML);

  static final Setting<String> PAIRS =
      Setting.declare("pairs", "URI[,URI...]", "none")
          .says(
              "Table of pairs of texts with scores that people gave, to correlate similarities"
                  + " with")
          .text();

  static final Setting<String> TEXT_A =
      Setting.declare("text-a", "NAME", "sentence1")
          .says("Column of the first text of a pair")
          .text();

  static final Setting<String> TEXT_B =
      Setting.declare("text-b", "NAME", "sentence2")
          .says("Column of the second text of a pair")
          .text();

  static final Setting<String> SCORE_COL =
      Setting.declare("score-col", "NAME", "score")
          .says("Column of the scores of pairs, more for more alike")
          .text();

  static final Setting<String> LABEL_COL =
      Setting.declare("label-col", "NAME", "none; label for the sample")
          .says("Column of labels, to measure how well vectors tell them apart")
          .text();

  /** 0 stands for all. */
  static final Setting<Integer> SAMPLE =
      Setting.declare("sample", "ROWS|all", "10000")
          .says("About how many rows, or pairs, to compare on, taken at random")
          .parsed(
              text ->
                  text.strip().equalsIgnoreCase("all") ? 0 : Setting.number(text, 20, 100_000_000));

  static final Setting<Integer> NEIGHBOUR_ROWS =
      Setting.declare("neighbour-rows", "ROWS", Integer.toString(PoolingComparison.NEIGHBOUR_ROWS))
          .says(
              "About how many of them to find the nearest neighbours of; takes time by its square")
          .number(20, 20_000);

  static final Setting<Integer> CLUSTERS =
      Setting.declare("clusters", "K", "auto")
          .says("Clusters of k-means; auto is the number of labels, or 20 without labels")
          .automatic(2, 10_000);

  static final Setting<Integer> SEEDS =
      Setting.declare("seeds", "N", Integer.toString(PoolingComparison.SEEDS))
          .says("Runs of k-means, and random splits of the probe, whose spread is shown")
          .number(2, 100);

  static final Setting<List<PostChoice>> POST =
      Setting.declare("post", "METHOD[:N][,...]", "none")
          .says(
              "What to do with vectors after pooling, each choice compared beside the others, such"
                  + " as none,whitening,all-but-the-top:3")
          .parsed(CompareCommand::choices);

  static final Setting<String> OUTPUT =
      Setting.declare("output", "URI", "embark-output/compare")
          .says("Directory for compare.json and compare.html; those that are there are replaced")
          .text();

  /** The settings beside those of the input and of the embedder. */
  public static final List<Setting<?>> OWN =
      List.of(
          PAIRS,
          TEXT_A,
          TEXT_B,
          SCORE_COL,
          LABEL_COL,
          SAMPLE,
          NEIGHBOUR_ROWS,
          CLUSTERS,
          SEEDS,
          POST,
          OUTPUT);

  private static final List<Setting<?>> ALL =
      Stream.<Setting<?>>concat(
              Stream.of(
                  EmbedSettings.INPUT,
                  EmbedSettings.FORMAT,
                  EmbedSettings.READ_OPTION,
                  EmbedSettings.TEXT_COL),
              OWN.stream())
          .toList();

  public CompareCommand() {
    super(JobSettings.all(ALL), List.of(EmbedSettings.INPUT), List.of());
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, Words out) throws IOException {
    long start = System.nanoTime();
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    Path output = given.path(OUTPUT, hadoop);
    FileSystem files = output.getFileSystem(hadoop);
    List<String> notes = new ArrayList<>();
    EmbeddingPass pass = EmbeddingPass.of(given.embedderConfig(), notes);
    EmbedderConfig config = pass.facts().config();
    Variants variants = new Variants(given.get(POST), config.get(Setting.NORMALIZE));
    variants.require(pass.candidates());
    if (variants.areWanted()) {
      notes.add("maps of --post are fitted on the very texts that are compared");
      pass = pass.unscaled();
    }
    out.printf(
        "Comparing %s of %s, normalize %s (%s), max-length %s%n",
        String.join(", ", pass.facts().vectorNames()),
        config.text(Setting.MODEL),
        config.text(Setting.NORMALIZE),
        config.origin(Setting.NORMALIZE),
        config.text(Setting.MAX_LENGTH));
    try (Scratch scratch = new Scratch(spark, output)) {
      Comparison comparison =
          new CompareInput(spark, given, pass, scratch, notes).compare(variants);
      try (OutputStream json = files.create(new Path(output, JSON), true)) {
        ComparisonJson.write(comparison, Main.version(), json);
      }
      try (OutputStream html = files.create(new Path(output, HTML), true)) {
        HtmlReport.write(comparison, Main.version(), html);
      }
      new ConsoleReport(comparison, out).print();
      out.printf(
          "%nWritten: %s and compare.json beside it; %.0f s in all.%n",
          new Path(output, HTML), (System.nanoTime() - start) / 1e9);
    }
    return 0;
  }

  private static List<PostChoice> choices(String text) {
    List<PostChoice> choices = Arrays.stream(text.split(",", -1)).map(PostChoice::of).toList();
    if (choices.stream().anyMatch(choice -> choice.path() != null)) {
      throw new UserError(
          "found '%s', wanted methods to fit: one map cannot serve several poolings."
              .formatted(text));
    }
    if (choices.stream().distinct().count() < choices.size()) {
      throw new UserError("found '%s', wanted each only once.".formatted(text));
    }
    return choices;
  }
}
