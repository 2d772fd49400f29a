package io.embark.cli.analysis;

import io.embark.Choice;
import io.embark.UserError;
import io.embark.analysis.search.Metric;
import io.embark.cli.embed.EmbedSettings;
import io.embark.embed.Setting;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SaveMode;

/** The settings of the {@code search} job. */
public final class SearchSettings {
  static final Setting<String> INPUT =
      text("input", "URI", "none", "The table to search, written by an embed job");

  static final Setting<String> VECTOR_COL =
      text("vector-col", "NAME", "the only one", "Column of vectors to compare with");

  static final Setting<String> QUERIES =
      text(
          "queries",
          "URI[,URI...]",
          "none",
          "Files with a query per row, instead of --query: texts, or an embedded table");

  static final Setting<String> QUERY_COL =
      text(
          "query-col",
          "NAME",
          "text",
          "Column of the queries' texts, or of their vectors where Embark wrote them");

  static final Setting<String> QUERY_PROMPT =
      text(
          "query-prompt",
          "NAME|TEXT",
          "the table's prompt",
          "Put before every query: a prompt the model names (query), or literal text ending in a"
              + " space or colon; 'none' for no prompt");

  static final Setting<Integer> TOP =
      new Setting<>(
          "top",
          "ROWS",
          "10",
          "Rows to find for each query",
          text -> Setting.number(text, 1, 10_000));

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
      text("output", "URI", "the console only", "Directory to write every hit to, one a row");

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
          SearchSettings::mode);

  static final Setting<Integer> SHOW =
      new Setting<>(
          "show",
          "QUERIES",
          "10",
          "Queries whose hits are shown; without an output, the queries that are run",
          text -> Setting.number(text, 0, 1000));

  static final Setting<String> MODEL =
      text(
          "model",
          "builtin:NAME|DIR|URI",
          "the table's",
          "Where the model that made the table is now; any other is refused");

  static final Setting<String> PRECISION =
      text(
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

  private SearchSettings() {}

  /** What results are written as. */
  enum Format implements Choice {
    PARQUET,
    JSON;
  }

  private static SaveMode mode(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "error" -> SaveMode.ErrorIfExists;
      case "overwrite" -> SaveMode.Overwrite;
      default -> throw new UserError("found '" + text + "', wanted error or overwrite.");
    };
  }

  private static Setting<String> text(
      String key, String argument, String defaultText, String description) {
    return new Setting<>(key, argument, defaultText, description, value -> value);
  }
}
