package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.analysis.cluster.Algorithm;
import io.embark.analysis.cluster.DistanceMeasure;
import io.embark.analysis.cluster.DistinctiveTerms;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.io.IOException;
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
      Setting.declare("input", "URI", "none")
          .says("The table to group, written by an embed job")
          .text();

  static final Setting<String> OUTPUT =
      Setting.declare("output", "URI", "none")
          .says(
              "Directory to write to: rows/ (Parquet), model/ (a PipelineModel), cluster.json,"
                  + " cluster.html")
          .text();

  static final Setting<Range> K =
      Setting.declare("k", "N|FROM..TO", "5..50")
          .says("Clusters to find; of a range, the number with the best silhouette on a sample")
          .parsed(Range::of);

  static final Setting<Algorithm> ALGORITHM =
      Setting.declare("algorithm", "kmeans|bisecting", "kmeans")
          .says("k-means, or bisecting k-means, which is faster for many clusters")
          .choice(Algorithm.class);

  static final Setting<DistanceMeasure> DISTANCE =
      Setting.declare("distance", "cosine|euclidean", "cosine")
          .says(
              "What makes rows alike: the direction of their vectors, or the distance between them")
          .choice(DistanceMeasure.class);

  static final Setting<String> LABEL_COL =
      Setting.declare("label-col", "NAME", "none")
          .says("Column of known classes that the clusters are compared with; nulls are left out")
          .text();

  static final Setting<String> CLUSTER_COL =
      Setting.declare("cluster-col", "NAME", "cluster")
          .says("Column for the number of the cluster")
          .text();

  static final Setting<String> DISTANCE_COL =
      Setting.declare("distance-col", "NAME", "distance")
          .says("Column for the distance to its centre")
          .text();

  static final Setting<Integer> SEED =
      Setting.declare("seed", "N", "1")
          .says("Where chance begins; the same gives the same")
          .number(0, Integer.MAX_VALUE);

  static final Setting<Integer> ITERATIONS =
      Setting.declare("iterations", "N", "50")
          .says("Iterations after which a training ends")
          .number(1, 10_000);

  static final Setting<Integer> STARTS =
      Setting.declare("starts", "N", "3")
          .says("Trainings from different random starts; the one of least cost is kept")
          .number(1, 1000);

  static final Setting<Integer> TRAIN_ROWS =
      Setting.declare("train-rows", "ROWS", "1000000")
          .says("Rows, taken at random, that the clusters are found on")
          .number(2, Integer.MAX_VALUE);

  static final Setting<Integer> CHOICE_ROWS =
      Setting.declare("choice-rows", "ROWS", "10000")
          .says("Rows, taken at random, that numbers of clusters are tried on")
          .number(2, Integer.MAX_VALUE);

  static final Setting<Integer> DUPLICATE_ROWS =
      Setting.declare("duplicate-rows", "ROWS", "200000")
          .says("Rows, taken at random, among which near-duplicates are looked for; 0 for none")
          .number(0, Integer.MAX_VALUE);

  static final Setting<Integer> MAP_ROWS =
      Setting.declare("map-rows", "ROWS", "2000")
          .says("Rows, taken at random, on the report's map")
          .number(0, 20_000);

  static final Setting<String> STOP_WORDS =
      Setting.declare("stop-words", "LANGUAGE|none", "english")
          .says("Language whose most frequent words are no terms: " + LANGUAGES)
          .parsed(ClusterCommand::language);

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
    super(ALL, List.of(), List.of());
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
  protected int run(SparkSession spark, JobSettings given, Words out) throws IOException {
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
