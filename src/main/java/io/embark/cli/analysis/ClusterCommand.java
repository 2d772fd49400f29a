package io.embark.cli.analysis;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.analysis.cluster.Algorithm;
import io.embark.analysis.cluster.DistanceMeasure;
import io.embark.analysis.cluster.DistinctiveTerms;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.feature.StopWordsRemover;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** The {@code cluster} job: groups the rows of an embedded table. */
@Command(
    name = "cluster",
    description = "Groups the rows of an embedded table, and tells what each group is about.",
    footer = {"", "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong."})
public final class ClusterCommand extends SettingsCommand {
  /** Those of {@link StopWordsRemover#loadDefaultStopWords}. */
  private static final String LANGUAGES =
      "danish, dutch, english, finnish, french, german, hungarian, italian, norwegian, portuguese,"
          + " russian, spanish, swedish, turkish";

  static final Setting<String> INPUT =
      Setting.text("input", "URI", "none", "The table to group, written by an embed job");

  static final Setting<String> OUTPUT =
      Setting.text(
          "output",
          "URI",
          "none",
          "Directory to write to: rows/ (Parquet), model/ (a PipelineModel), cluster.json,"
              + " cluster.html");

  static final Setting<Range> K =
      new Setting<>(
          "k",
          "N|FROM..TO",
          "5..50",
          "Clusters to find; of a range, the number with the best silhouette on a sample",
          Range::of);

  static final Setting<Algorithm> ALGORITHM =
      new Setting<>(
          "algorithm",
          "kmeans|bisecting",
          "kmeans",
          "k-means, or bisecting k-means, which is faster for many clusters",
          text -> Choice.of(Algorithm.class, text));

  static final Setting<DistanceMeasure> DISTANCE =
      new Setting<>(
          "distance",
          "cosine|euclidean",
          "cosine",
          "What makes rows alike: the direction of their vectors, or the distance between them",
          text -> Choice.of(DistanceMeasure.class, text));

  static final Setting<String> LABEL_COL =
      Setting.text(
          "label-col",
          "NAME",
          "none",
          "Column of known classes that the clusters are compared with; nulls are left out");

  static final Setting<String> CLUSTER_COL =
      Setting.text("cluster-col", "NAME", "cluster", "Column for the number of the cluster");

  static final Setting<String> DISTANCE_COL =
      Setting.text("distance-col", "NAME", "distance", "Column for the distance to its centre");

  static final Setting<Integer> SEED =
      Setting.number(
          "seed", "N", "1", 0, Integer.MAX_VALUE, "Where chance begins; the same gives the same");

  static final Setting<Integer> ITERATIONS =
      Setting.number("iterations", "N", "50", 1, 10_000, "Iterations after which a training ends");

  static final Setting<Integer> STARTS =
      Setting.number(
          "starts",
          "N",
          "3",
          1,
          1000,
          "Trainings from different random starts; the one of least cost is kept");

  static final Setting<Integer> TRAIN_ROWS =
      Setting.number(
          "train-rows",
          "ROWS",
          "1000000",
          2,
          Integer.MAX_VALUE,
          "Rows, taken at random, that the clusters are found on");

  static final Setting<Integer> CHOICE_ROWS =
      Setting.number(
          "choice-rows",
          "ROWS",
          "10000",
          2,
          Integer.MAX_VALUE,
          "Rows, taken at random, that numbers of clusters are tried on");

  static final Setting<Integer> DUPLICATE_ROWS =
      Setting.number(
          "duplicate-rows",
          "ROWS",
          "200000",
          0,
          Integer.MAX_VALUE,
          "Rows, taken at random, among which near-duplicates are looked for; 0 for none");

  static final Setting<Integer> MAP_ROWS =
      Setting.number(
          "map-rows", "ROWS", "2000", 0, 20_000, "Rows, taken at random, on the report's map");

  static final Setting<String> STOP_WORDS =
      new Setting<>(
          "stop-words",
          "LANGUAGE|none",
          "english",
          "Language whose most frequent words are no terms: " + LANGUAGES,
          ClusterCommand::language);

  public static final List<Setting<?>> ALL =
      List.of(
          INPUT,
          OUTPUT,
          SearchCommand.MODE,
          SearchCommand.VECTOR_COL,
          EmbedSettings.TEXT_COL,
          EmbedSettings.ID_COL,
          LABEL_COL,
          K,
          ALGORITHM,
          DISTANCE,
          CLUSTER_COL,
          DISTANCE_COL,
          SEED,
          ITERATIONS,
          STARTS,
          TRAIN_ROWS,
          CHOICE_ROWS,
          DUPLICATE_ROWS,
          MAP_ROWS,
          STOP_WORDS);

  public ClusterCommand() {
    super(ALL);
  }

  @Override
  protected void check(JobSettings given) {
    for (Setting<String> needed : List.of(INPUT, OUTPUT)) {
      if (!given.isSet(needed)) {
        throw new UserError(
            "%s: missing; give it with --%s URI.".formatted(needed.key(), needed.key()));
      }
    }
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, PrintWriter out) throws IOException {
    new ClusterRun(spark, given, out).call();
    return 0;
  }

  /** Numbers of clusters to choose from, both ends included. */
  record Range(int least, int most) {
    static Range of(String text) {
      String[] ends = text.strip().split("\\.\\.", -1);
      if (ends.length > 2) {
        throw new UserError(
            "found '%s', wanted a number such as 20 or a range such as 5..50.".formatted(text));
      }
      int least = Setting.number(ends[0], 2, 100_000);
      int most = Setting.number(ends[ends.length - 1], 2, 100_000);
      if (most < least) {
        throw new UserError("found '%s', a range that ends before it begins.".formatted(text));
      }
      return new Range(least, most);
    }

    boolean fixed() {
      return least == most;
    }

    /**
     * The range with no more clusters than rows.
     *
     * @param vectors rows that have one
     * @param trained rows taken of these, on which a number of clusters is trained
     * @param sampled rows taken of those, on which a range is tried
     * @throws UserError if even the least is too many
     */
    Range within(long vectors, long trained, long sampled) {
      long rows = fixed() ? trained : sampled;
      if (least < rows) {
        return new Range(least, (int) Math.min(most, rows - 1));
      }
      String found =
          fixed()
              ? "%d clusters for %d rows to train on".formatted(least, trained)
              : "%d clusters or more for a sample of %d rows".formatted(least, sampled);
      String wayOut =
          !fixed() && sampled < trained
              ? "Raise --choice-rows, or give one number."
              : trained < vectors ? "Raise --train-rows." : "These are all rows with a vector.";
      throw new UserError(
          "k: found %s; wanted are fewer clusters than rows. %s".formatted(found, wayOut));
    }
  }

  private static String language(String text) {
    String language = text.strip().toLowerCase(Locale.ROOT);
    if (!language.equals(DistinctiveTerms.NO_STOP_WORDS)
        && !List.of(LANGUAGES.split(", ")).contains(language)) {
      throw new UserError("found '%s', wanted none or one of %s.".formatted(text, LANGUAGES));
    }
    return language;
  }
}
