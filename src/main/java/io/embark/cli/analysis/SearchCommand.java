package io.embark.cli.analysis;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.analysis.search.Metric;
import io.embark.cli.JobSettings;
import io.embark.cli.SettingsCommand;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.json.JsonFileFormat;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The {@code search} job: the rows of an embedded table that are nearest to queries. */
@Command(
    name = "search",
    description = "Finds the rows of an embedded table that are most similar to queries.",
    footer = {"", "Exit code: 0 done, 1 failed, 2 a flag, a setting or the input is wrong."})
public final class SearchCommand extends SettingsCommand {
  static final Setting<String> INPUT =
      Setting.declare("input", "URI", "none")
          .says("The table to search, written by an embed job")
          .text();

  static final Setting<String> VECTOR_COL =
      Setting.declare("vector-col", "NAME", "the only one")
          .says("Column of vectors to compare with")
          .text();

  static final Setting<String> QUERIES =
      Setting.declare("queries", "URI[,URI...]", "none")
          .says("Files with a query per row, instead of --query: texts, or an embedded table")
          .text();

  static final Setting<String> QUERY_COL =
      Setting.declare("query-col", "NAME", "text")
          .says("Column of the queries' texts, or of their vectors where Embark wrote them")
          .text();

  static final Setting<String> QUERY_PROMPT =
      Setting.declare("query-prompt", "NAME|TEXT", "the table's prompt")
          .says(
              "Put before every query: a prompt the model names (query), or literal text ending in"
                  + " a space or colon; 'none' for no prompt")
          .text();

  static final Setting<Integer> TOP =
      Setting.declare("top", "ROWS", "10").says("Rows to find for each query").number(1, 10_000);

  static final Setting<Metric> METRIC =
      Setting.declare("metric", "cosine|dot|euclidean", "cosine")
          .says("What near means; euclidean is a distance, where less is nearer")
          .parsed(Metric::of);

  static final Setting<List<String>> COLUMNS =
      Setting.declare("columns", "NAME[,NAME...]", "those of id-col and text-col")
          .says(
              "Columns of the table that come with a hit; hits of equal score stand in their order")
          .parsed(text -> Arrays.stream(text.split(",")).map(String::strip).toList());

  static final Setting<String> OUTPUT =
      Setting.declare("output", "URI", "the console only")
          .says("Directory to write every hit to, one a row")
          .text();

  static final Setting<Format> OUTPUT_FORMAT =
      Setting.declare("output-format", "parquet|json", "parquet")
          .says("Format of the output")
          .choice(Format.class);

  static final Setting<Existing> MODE =
      Setting.declare("mode", "error|overwrite", "error")
          .says("What to do when the output exists")
          .choice(Existing.class);

  static final Setting<Integer> SHOW =
      Setting.declare("show", "QUERIES", "10")
          .says("Queries whose hits are shown; without an output, the queries that are run")
          .number(0, 1000);

  static final Setting<String> MODEL =
      Setting.declare("model", "builtin:NAME|DIR|URI", "the table's")
          .says("Where the model that made the table is now; any other is refused")
          .text();

  static final Setting<String> PRECISION =
      Setting.declare(Setting.PRECISION.key(), Setting.PRECISION.argument(), "the table's")
          .says("The precision in which queries are embedded; int8 is for CPUs")
          .text();

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
    super(ALL, List.of(), List.of());
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
  protected int run(SparkSession spark, JobSettings given, Words out) throws IOException {
    new SearchRun(spark, given, out).call(queries);
    return 0;
  }

  enum Format implements Choice {
    PARQUET {
      @Override
      FileFormat files() {
        return new ParquetFileFormat();
      }
    },
    JSON {
      @Override
      FileFormat files() {
        return new JsonFileFormat();
      }
    };

    /** Spark's reader of it. */
    abstract FileFormat files();
  }

  /** What to do with an output that exists, by Spark's names. */
  enum Existing implements Choice {
    ERROR,
    OVERWRITE
  }
}
