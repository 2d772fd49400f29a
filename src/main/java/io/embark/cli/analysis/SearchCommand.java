package io.embark.cli.analysis;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.analysis.search.Metric;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The {@code search} job: the rows of an embedded table that are nearest to queries. */
@Command(
    name = "search",
    description = "Finds the rows of an embedded table that are most similar to queries.",
    footer = {"", "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong."})
public final class SearchCommand extends SettingsCommand {
  static final Setting<String> INPUT =
      Setting.text("input", "URI", "none", "The table to search, written by an embed job");

  static final Setting<String> VECTOR_COL =
      Setting.text("vector-col", "NAME", "the only one", "Column of vectors to compare with");

  static final Setting<String> QUERIES =
      Setting.text(
          "queries",
          "URI[,URI...]",
          "none",
          "Files with a query per row, instead of --query: texts, or an embedded table");

  static final Setting<String> QUERY_COL =
      Setting.text(
          "query-col",
          "NAME",
          "text",
          "Column of the queries' texts, or of their vectors where Embark wrote them");

  static final Setting<String> QUERY_PROMPT =
      Setting.text(
          "query-prompt",
          "NAME|TEXT",
          "the table's prompt",
          "Put before every query: a prompt the model names (query), or literal text ending in a"
              + " space or colon; 'none' for no prompt");

  static final Setting<Integer> TOP =
      Setting.number("top", "ROWS", "10", 1, 10_000, "Rows to find for each query");

  static final Setting<Metric> METRIC =
      new Setting<>(
          "metric",
          "cosine|dot|euclidean",
          "cosine",
          "What near means; euclidean is a distance, where less is nearer",
          Metric::of);

  static final Setting<List<String>> COLUMNS =
      new Setting<>(
          "columns",
          "NAME[,NAME...]",
          "those of id-col and text-col",
          "Columns of the table that come with a hit; hits of equal score stand in their order",
          text -> Arrays.stream(text.split(",")).map(String::strip).toList());

  static final Setting<String> OUTPUT =
      Setting.text(
          "output", "URI", "the console only", "Directory to write every hit to, one a row");

  static final Setting<Format> OUTPUT_FORMAT =
      new Setting<>(
          "output-format",
          "parquet|json",
          "parquet",
          "Format of the output",
          text -> Choice.of(Format.class, text));

  static final Setting<SaveMode> MODE =
      new Setting<>(
          "mode",
          "error|overwrite",
          "error",
          "What to do when the output exists",
          SearchCommand::mode);

  static final Setting<Integer> SHOW =
      Setting.number(
          "show",
          "QUERIES",
          "10",
          0,
          1000,
          "Queries whose hits are shown; without an output, the queries that are run");

  static final Setting<String> MODEL =
      Setting.text(
          "model",
          "builtin:NAME|DIR|URI",
          "the table's",
          "Where the model that made the table is now; any other is refused");

  static final Setting<String> PRECISION =
      Setting.text(
          Setting.PRECISION.key(),
          Setting.PRECISION.argument(),
          "the table's",
          "The precision in which queries are embedded; int8 is for CPUs");

  public static final List<Setting<?>> ALL =
      List.of(
          INPUT,
          VECTOR_COL,
          EmbedSettings.TEXT_COL,
          EmbedSettings.ID_COL,
          COLUMNS,
          QUERIES,
          QUERY_COL,
          EmbedSettings.FORMAT,
          EmbedSettings.READ_OPTION,
          QUERY_PROMPT,
          TOP,
          METRIC,
          OUTPUT,
          OUTPUT_FORMAT,
          MODE,
          SHOW,
          MODEL,
          Setting.MODEL_FILE,
          Setting.DEVICE,
          PRECISION);

  // Not a setting: a list of texts, which may hold commas, cannot stand in a line of a file.
  @Option(
      names = "--query",
      paramLabel = "TEXT",
      arity = "1",
      order = 0,
      description = "A text to search for; may be given several times.")
  private List<String> queries = List.of();

  public SearchCommand() {
    super(ALL);
  }

  @Override
  protected void check(JobSettings given) {
    if (!given.isSet(INPUT)) {
      throw new UserError("input: missing; say which embedded table to search with --input URI.");
    }
    if (queries.isEmpty() != given.isSet(QUERIES)) {
      throw new UserError(
          "queries: say what to search for, with --query TEXT or with --queries URI, not both.");
    }
    if (queries.stream().anyMatch(String::isBlank)) {
      throw new UserError("query: found a blank text; there is nothing to look for.");
    }
  }

  @Override
  protected int run(SparkSession spark, JobSettings given, PrintWriter out) throws IOException {
    new SearchRun(spark, given, out).call(queries);
    return 0;
  }

  enum Format implements Choice {
    PARQUET,
    JSON
  }

  private static SaveMode mode(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "error" -> SaveMode.ErrorIfExists;
      case "overwrite" -> SaveMode.Overwrite;
      default -> throw new UserError("found '" + text + "', wanted error or overwrite.");
    };
  }
}
