package io.embark.cli.analysis;

import io.embark.UserError;
import io.embark.analysis.search.Metric;
import io.embark.analysis.search.VectorSearch;
import io.embark.cli.Excerpt;
import io.embark.cli.JobSettings;
import io.embark.cli.Main;
import io.embark.cli.Words;
import io.embark.cli.embed.EmbedSettings;
import io.embark.cli.embed.Progress;
import io.embark.embed.VectorProvenance;
import io.embark.spark.column.Columns;
import io.embark.spark.column.OutputType;
import io.embark.spark.path.ExactFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/** One run of the {@code search} job in a session. */
record SearchRun(SparkSession spark, JobSettings settings, Words out) {
  private static final int TEXT_READ = 1_000;

  /** Searches for texts or, if there are none, for the queries in the files of the settings. */
  void call(List<String> texts) throws IOException {
    boolean writes = settings.isSet(SearchCommand.OUTPUT);
    EmbeddedTable table = EmbeddedTable.open(spark, settings, SearchCommand.INPUT);
    // Null where hits go to the console only.
    Path output = writes ? table.output(settings, SearchCommand.OUTPUT) : null;
    Metric metric = settings.get(SearchCommand.METRIC);
    int top = settings.get(SearchCommand.TOP);
    VectorSearch search =
        new VectorSearch(table.rows(), table.vectorCol(), kept(table), metric, top);
    SearchQueries queries =
        texts.isEmpty()
            ? SearchQueries.ofFiles(
                spark, settings, table, writes ? 0 : settings.get(SearchCommand.SHOW))
            : SearchQueries.ofTexts(spark, texts, settings, table);
    describe(table, queries);

    Dataset<Row> asked = queries.rows().persist(StorageLevel.MEMORY_AND_DISK());
    try {
      // Embeds them all at once; reading them a block at a time would embed a partition at a time.
      long all = asked.count();
      long empty = asked.where(Columns.of(asked, queries.vectorCol()).isNull()).count();
      Dataset<Row> hits = search.of(asked, queries.vectorCol());
      if (writes) {
        SearchCommand.Format format = settings.get(SearchCommand.OUTPUT_FORMAT);
        write(hits, format.label(), output);
        print(asked, ExactFiles.read(spark, format.files(), hits.schema(), List.of(output)));
        out.printf("%nWrote the hits of %,d queries to %s%n", all - empty, output);
      } else {
        print(asked, hits);
      }
      if (empty > 0) {
        out.printf("%,d queries have no vector (null or blank text): no hits.%n", empty);
      }
    } finally {
      asked.unpersist();
    }
  }

  private List<String> kept(EmbeddedTable table) {
    if (settings.isSet(SearchCommand.COLUMNS)) {
      return settings.get(SearchCommand.COLUMNS);
    }
    Set<String> kept = new LinkedHashSet<>();
    kept.add(table.column(settings, EmbedSettings.ID_COL, "id"));
    kept.add(table.column(settings, EmbedSettings.TEXT_COL, "text"));
    kept.remove(null);
    if (kept.isEmpty()) {
      throw new UserError(
          ("columns: the table has neither an id nor a text column; it has %s. Name what tells its"
                  + " rows apart with --id-col, --text-col or --columns.")
              .formatted(String.join(", ", table.rows().columns())));
    }
    return List.copyOf(kept);
  }

  private void describe(EmbeddedTable table, SearchQueries queries) {
    Column vectors = functions.count(Columns.of(table.vectorCol()));
    Row counts = table.rows().agg(functions.count(functions.lit(1)), vectors).head();
    VectorProvenance origin = table.origin();
    OutputType type = OutputType.of(origin.type().orElseThrow());
    out.println("Embark " + Main.version() + " searches:");
    out.printf(
        "  table    %s: %,d rows, %,d without a vector, which are skipped%n",
        table.uri(), counts.getLong(0), counts.getLong(0) - counts.getLong(1));
    out.printf(
        "  vectors  %s, %d values, stored as %s%s%n",
        table.vectorCol(),
        origin.dimension(),
        type.label(),
        type.isEncoded() ? ": " + type.loss() : "");
    out.println("  queries  " + queries.description());
    out.printf("  metric   %s%n", settings.get(SearchCommand.METRIC).label());
  }

  private void write(Dataset<Row> hits, String format, Path output) {
    spark.sparkContext().setJobDescription("Embark: search");
    DataFrameWriter<Row> writer = hits.write().mode(settings.get(SearchCommand.MODE).label());
    Progress.during(spark.sparkContext(), () -> writer.format(format).save(output.toString()));
  }

  private void print(Dataset<Row> asked, Dataset<Row> hits) {
    String id = VectorSearch.RESULT.get(0);
    Column text = functions.substring(functions.col(VectorSearch.RESULT.get(1)), 1, TEXT_READ);
    List<Row> queries =
        asked
            .select(functions.col(id), text)
            .orderBy(id)
            .limit(settings.get(SearchCommand.SHOW))
            .collectAsList();
    if (queries.isEmpty()) {
      return;
    }
    Object[] ids = queries.stream().map(q -> q.get(0)).toArray();
    List<Row> found = hits.where(functions.col(id).isin(ids)).orderBy(id, "rank").collectAsList();
    for (Row query : queries) {
      out.println();
      out.printf(
          "%s%n", query.isNullAt(1) ? "query " + query.get(0) : Excerpt.quoted(query.getString(1)));
      for (Row hit : found) {
        if (hit.getLong(hit.fieldIndex(id)) == query.getLong(0)) {
          out.println(line(hit));
        }
      }
    }
  }

  private static String line(Row hit) {
    List<String> parts = new ArrayList<>();
    int rank = hit.<Number>getAs("rank").intValue();
    parts.add(Words.of("  %3d  %8.4f", rank, hit.<Double>getAs("score")));
    for (String name : hit.schema().fieldNames()) {
      if (!VectorSearch.RESULT.contains(name)) {
        Object value = hit.getAs(name);
        parts.add(value instanceof String text ? Excerpt.quoted(text) : String.valueOf(value));
      }
    }
    return String.join("  ", parts);
  }
}
