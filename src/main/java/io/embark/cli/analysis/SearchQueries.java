package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.analysis.search.VectorSearch;
import io.embark.cli.JobSettings;
import io.embark.cli.Slots;
import io.embark.cli.embed.EmbedSettings;
import io.embark.cli.embed.TextInput;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.embed.VectorProvenance;
import io.embark.spark.MatchingEmbedder;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.ColumnProvenance;
import io.embark.spark.column.Columns;
import io.embark.spark.column.OutputType;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The queries of a search.
 *
 * @param rows with the columns {@code query_id bigint}, {@code query string} and vectors
 * @param description how they came about, in words
 */
record SearchQueries(Dataset<Row> rows, String vectorCol, String description) {
  private static final String ID = VectorSearch.RESULT.get(0);
  private static final String TEXT = VectorSearch.RESULT.get(1);
  private static final String VECTOR = "query_vector";
  private static final StructType TEXTS =
      new StructType().add(ID, DataTypes.LongType, false).add(TEXT, DataTypes.StringType);

  /** Embeds texts as those of the table were. */
  static SearchQueries ofTexts(
      SparkSession spark, List<String> texts, JobSettings settings, EmbeddedTable table)
      throws IOException {
    List<Row> rows =
        IntStream.range(0, texts.size())
            .mapToObj(i -> RowFactory.create((long) i, texts.get(i)))
            .toList();
    return embed(spark.createDataFrame(rows, TEXTS), settings, table);
  }

  /**
   * Reads queries from files, {@code most} of them or all for 0, and embeds them unless they come
   * as vectors.
   */
  static SearchQueries ofFiles(
      SparkSession spark, JobSettings settings, EmbeddedTable table, int most) throws IOException {
    String uri = settings.get(SearchCommand.QUERIES);
    String named = settings.get(SearchCommand.QUERY_COL);
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    TextInput input = TextInput.of(uri, settings, hadoop);
    if (settings.isSet(SearchCommand.OUTPUT)) {
      input.requireOutside(settings.path(SearchCommand.OUTPUT, hadoop), hadoop);
    }
    Dataset<Row> all = input.read(spark, named);
    Dataset<Row> rows = most > 0 ? all.limit(most) : all;
    List<String> vectors = ColumnProvenance.columns(rows.schema());
    Column id = functions.monotonically_increasing_id().as(ID);
    boolean choose = !settings.isSet(SearchCommand.QUERY_COL) && vectors.size() == 1;
    String column = choose ? vectors.get(0) : named;
    if (vectors.contains(column)) {
      ColumnProvenance.requireComparable(
          rows.schema().apply(column), table.rows().schema().apply(table.vectorCol()));
      String textCol = settings.get(EmbedSettings.TEXT_COL);
      boolean texts = List.of(rows.columns()).contains(textCol);
      Column text = (texts ? Columns.of(textCol) : functions.lit(null)).cast(DataTypes.StringType);
      Column queries = Columns.of(column).as(VECTOR, rows.schema().apply(column).metadata());
      Dataset<Row> taken = rows.select(id, text.as(TEXT), queries);
      return new SearchQueries(taken, VECTOR, "vectors of column " + column);
    }
    if (!List.of(rows.columns()).contains(column)) {
      throw new UserError(
          "query-col: no column '%s' in the queries; they have %s."
              .formatted(column, String.join(", ", rows.columns())));
    }
    if (!DataTypes.StringType.equals(rows.schema().apply(column).dataType())) {
      throw new UserError(
          "query-col: column '%s' is %s; wanted texts, or vectors that Embark wrote."
              .formatted(column, rows.schema().apply(column).dataType().simpleString()));
    }
    Dataset<Row> taken = rows.select(id, Columns.of(column).as(TEXT));
    // One small file would keep one core busy; the numbers are given before rows are dealt out.
    return embed(taken.repartition(2 * Slots.of(spark.sparkContext())), settings, table);
  }

  private static SearchQueries embed(Dataset<Row> texts, JobSettings settings, EmbeddedTable table)
      throws IOException {
    EmbedderConfig.Builder overrides = EmbedderConfig.builder();
    override(overrides, Setting.MODEL, settings, SearchCommand.MODEL);
    override(overrides, Setting.PROMPT, settings, SearchCommand.QUERY_PROMPT);
    override(overrides, Setting.MODEL_FILE, settings, Setting.MODEL_FILE);
    override(overrides, Setting.DEVICE, settings, Setting.DEVICE);
    override(overrides, Setting.PRECISION, settings, SearchCommand.PRECISION);
    VectorProvenance origin = table.origin();
    TextEmbedder embedder =
        new MatchingEmbedder(table.vectorCol(), origin)
            .with(overrides.build(), table.post())
            .setInputCol(TEXT)
            .setOutputCol(VECTOR)
            .setOutputType(OutputType.FLOAT.label());
    EmbedderConfig config = embedder.config();
    String description =
        "texts, embedded by %s, pooling %s%s, prompt '%s' (%s)"
            .formatted(
                config.text(Setting.MODEL),
                config.text(Setting.POOLING),
                origin.post().isEmpty() ? "" : ", then " + origin.post(),
                config.text(Setting.PROMPT),
                settings.isSet(SearchCommand.QUERY_PROMPT)
                    ? settings.origin(SearchCommand.QUERY_PROMPT)
                    : "the table's metadata");
    return new SearchQueries(
        embedder.transform(texts), embedder.vectorColumns().get(0), description);
  }

  private static void override(
      EmbedderConfig.Builder config, Setting<?> target, JobSettings settings, Setting<?> source) {
    if (settings.isSet(source)) {
      config.set(target, settings.text(source), settings.origin(source));
    }
  }
}
