package io.embark.cli.analysis;

import static org.apache.spark.sql.functions.monotonically_increasing_id;

import io.embark.UserError;
import io.embark.analysis.compare.Comparer;
import io.embark.analysis.compare.Comparison;
import io.embark.analysis.compare.EmbeddingPass;
import io.embark.analysis.compare.Scratch;
import io.embark.analysis.compare.Variants;
import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.embed.EmbedSettings;
import io.embark.cli.embed.Progress;
import io.embark.cli.embed.TextInput;
import io.embark.embed.Setting;
import io.embark.spark.column.Columns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** The tables of a comparison: read, sampled, embedded in one pass, kept, and measured. */
record CompareInput(
    SparkSession spark,
    JobSettings settings,
    EmbeddingPass pass,
    Scratch scratch,
    List<String> notes) {
  private static final int SEED = 1;

  Comparison compare(Variants variants) throws IOException {
    Optional<Dataset<Row>> pairs = pairs();
    Variants.Tables tables =
        variants.of(scratch, new Variants.Tables(pass.candidates(), texts(pairs), pairs));
    return new Comparer(
            scratch,
            tables.texts(),
            tables.pairs(),
            settings.get(CompareCommand.CLUSTERS),
            settings.get(CompareCommand.SEEDS),
            settings.get(CompareCommand.NEIGHBOUR_ROWS),
            Slots.of(spark.sparkContext()))
        .measure(pass, tables.candidates(), notes);
  }

  /** Columns {@code pair}, {@code score}, {@code a_text}, {@code b_text} and vectors of both. */
  private Optional<Dataset<Row>> pairs() throws IOException {
    if (!settings.isSet(CompareCommand.PAIRS)) {
      return Optional.empty();
    }
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    TextInput input = TextInput.of(settings.get(CompareCommand.PAIRS), settings, hadoop);
    requireOutside(input);
    Dataset<Row> read =
        input.readPairs(
            spark, settings.get(CompareCommand.TEXT_A), settings.get(CompareCommand.TEXT_B));
    Column textA = column(read, CompareCommand.TEXT_A).cast("string");
    Column textB = column(read, CompareCommand.TEXT_B).cast("string");
    Column score = column(read, CompareCommand.SCORE_COL).cast("double");
    requireScores(read, score);
    Dataset<Row> rows = read.select(score.as("score"), textA.as("a_text"), textB.as("b_text"));
    Dataset<Row> pairs = numbered(sampled(rows, "pairs"), "pair");
    return Optional.of(embedAndKeep("pairs", pass.overPairs(pairs), "pairs"));
  }

  private static void requireScores(Dataset<Row> read, Column score) {
    Row found = read.agg(functions.min(score), functions.max(score), functions.count("*")).head();
    long bad = read.where(score.isNull().or(functions.isnan(score))).count();
    if (found.getLong(2) == 0) {
      throw new UserError("pairs: the table has no rows.");
    }
    if (bad > 0) {
      throw new UserError(
          "score-col: %d of %d pairs have no score that is a number. Give a column of numbers, or leave those pairs out."
              .formatted(bad, found.getLong(2)));
    }
    if (found.getDouble(0) == found.getDouble(1)) {
      throw new UserError(
          "score-col: all scores are %s; nothing correlates with what does not vary."
              .formatted(found.getDouble(0)));
    }
  }

  /**
   * Columns {@code row}, {@code text}, {@code label} if there are labels, and vectors. Without an
   * input of their own they are the different texts of the pairs.
   */
  private Dataset<Row> texts(Optional<Dataset<Row>> pairs) throws IOException {
    boolean input = settings.isSet(EmbedSettings.INPUT);
    if (!input && pairs.isPresent()) {
      if (settings.isSet(CompareCommand.LABEL_COL)) {
        throw new UserError(
            "label-col: pairs have no labels. Say with --input which labelled texts to take.");
      }
      Dataset<Row> both = pass.side(pairs.get(), "a").union(pass.side(pairs.get(), "b"));
      return scratch.keep("texts", numbered(both.dropDuplicates("text"), "row"));
    }
    String textCol = settings.get(EmbedSettings.TEXT_COL);
    String label = settings.get(CompareCommand.LABEL_COL, "label");
    TextInput from = TextInput.of(settings, spark.sparkContext().hadoopConfiguration());
    requireOutside(from);
    Dataset<Row> read = from.read(spark, textCol, label);
    List<Column> columns = new ArrayList<>();
    columns.add(column(read, EmbedSettings.TEXT_COL).cast("string").as("v_text"));
    if (!input || settings.isSet(CompareCommand.LABEL_COL)) {
      columns.add(column(read, label, "label-col").cast("string").as("label"));
    }
    Dataset<Row> rows = sampled(read.select(columns.toArray(Column[]::new)), "rows");
    return embedAndKeep("texts", pass.overTexts(numbered(rows, "row")), "rows");
  }

  /** Refuses texts whose file one of the reports would take the place of. */
  private void requireOutside(TextInput input) throws IOException {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    for (String report : CompareCommand.REPORTS) {
      Path output = settings.path(CompareCommand.OUTPUT, hadoop);
      input.requireOutside(new Path(output, report), hadoop);
    }
  }

  private Column column(Dataset<Row> rows, Setting<String> setting) {
    return column(rows, settings.get(setting), setting.key());
  }

  private static Column column(Dataset<Row> rows, String name, String setting) {
    if (!List.of(rows.columns()).contains(name)) {
      throw new UserError(
          "%s: no column '%s' in the input; it has %s. Name it with --%s."
              .formatted(setting, name, String.join(", ", rows.columns()), setting));
    }
    return Columns.of(rows, name);
  }

  /** About as many rows as wanted, the same ones each time, spread over all slots. */
  private Dataset<Row> sampled(Dataset<Row> rows, String what) {
    int wanted = settings.get(CompareCommand.SAMPLE);
    int tasks = 2 * Slots.of(spark.sparkContext());
    if (wanted == 0) {
      return rows.repartition(Math.max(tasks, rows.rdd().getNumPartitions()));
    }
    long count = rows.count();
    if (count <= wanted) {
      return rows.repartition(tasks);
    }
    notes.add("a sample of about %d of %d %s (--sample)".formatted(wanted, count, what));
    return rows.sample((double) wanted / count, SEED).repartition(tasks);
  }

  private static Dataset<Row> numbered(Dataset<Row> rows, String name) {
    return rows.withColumn(name, monotonically_increasing_id());
  }

  /** Embeds and writes rows; returns those that have all their vectors. */
  private Dataset<Row> embedAndKeep(String name, Dataset<Row> embedded, String what) {
    List<Dataset<Row>> kept = new ArrayList<>();
    Progress.during(spark.sparkContext(), () -> kept.add(scratch.keep(name, embedded)));
    return EmbeddingPass.whole(kept.get(0), what, notes);
  }
}
