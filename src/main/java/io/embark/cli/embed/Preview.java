package io.embark.cli.embed;

import io.embark.cli.Excerpt;
import io.embark.cli.Words;
import io.embark.embed.Status;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.Columns;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Shows what was written: the schema, a few rows, and the nearest neighbours of three rows, so that
 * a person sees that the vectors mean something. Neighbours are looked for among the first rows
 * only, which fit on the driver.
 */
record Preview(EmbedPlan plan, Words out) {
  private static final int SEARCHED = 2_000;
  private static final int QUERIES = 3;
  private static final int NEIGHBOURS = 3;
  private static final double UNLIKE = 0.2;
  private static final int TEXT_READ = 1_000;
  private static final int VALUES = 3;

  private record Item(String text, float[] vector) {
    double cosine(Item other) {
      double dot = 0;
      double a = 0;
      double b = 0;
      for (int i = 0; i < vector.length; i++) {
        dot += vector[i] * other.vector[i];
        a += vector[i] * vector[i];
        b += other.vector[i] * other.vector[i];
      }
      return a == 0 || b == 0 ? 0 : dot / Math.sqrt(a * b);
    }
  }

  /** Prints so many rows of what was written, and neighbours. */
  void print(Dataset<Row> written, int rows) {
    Dataset<Row> shown = shown(written);
    VectorColumn vectors = VectorColumn.of(shown.schema(), vectorCol());
    out.printf("%nSchema:%n%s%nFirst rows:%n", written.schema().treeString());
    // One query for both: on a small table a query of its own costs more than its rows.
    List<Row> first = shown.limit(Math.max(rows, SEARCHED)).collectAsList();
    for (Row row : first.subList(0, Math.min(rows, first.size()))) {
      out.println("  " + describe(row, vectors));
    }
    List<Item> items = items(first, vectors);
    if (items.size() > NEIGHBOURS) {
      out.printf("%nNearest neighbours by cosine, among %,d rows:%n", items.size());
      for (Item query : queries(items)) {
        printNeighbours(items, query);
      }
    }
  }

  private String vectorCol() {
    return plan.vectorColumns().get(0);
  }

  /** What is shown of each row: of a text only its beginning, however many megabytes it has. */
  private Dataset<Row> shown(Dataset<Row> written) {
    List<Column> columns = new ArrayList<>();
    if (plan.idCol() != null && !plan.idCol().equals(plan.textCol())) {
      columns.add(Columns.of(written, plan.idCol()));
    }
    columns.add(
        functions.substring(Columns.of(written, plan.textCol()), 1, TEXT_READ).as(plan.textCol()));
    columns.add(Columns.of(written, vectorCol()));
    columns.add(Columns.of(written, plan.accountPrefix() + "status"));
    columns.add(Columns.of(written, plan.accountPrefix() + "tokens_used"));
    return written.select(columns.toArray(Column[]::new));
  }

  private String describe(Row row, VectorColumn vectors) {
    float[] vector = vectors.read(row);
    return Words.of(
        "%s%s  %s %s tokens  %s",
        plan.idCol() == null ? "" : row.getAs(plan.idCol()) + "  ",
        vector == null ? "no vector" : beginning(vector),
        row.<String>getAs(plan.accountPrefix() + "status"),
        row.<Integer>getAs(plan.accountPrefix() + "tokens_used"),
        Excerpt.quoted(row.getAs(plan.textCol())));
  }

  private static String beginning(float[] vector) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < Math.min(VALUES, vector.length); i++) {
      text.append(Words.of("%.3f ", vector[i]));
    }
    return text + (vector.length > VALUES ? "...]" : "]");
  }

  private List<Item> items(List<Row> rows, VectorColumn vectors) {
    return rows.stream()
        .filter(row -> Status.OK.name().equals(row.getAs(plan.accountPrefix() + "status")))
        .limit(SEARCHED)
        .map(row -> new Item(row.getAs(plan.textCol()), vectors.read(row)))
        .toList();
  }

  /** Rows that differ from each other, so that three rows show more than one would. */
  private static List<Item> queries(List<Item> items) {
    Random random = new Random(1);
    List<Item> queries = new ArrayList<>();
    for (int trial = 0; trial < 100 && queries.size() < QUERIES; trial++) {
      Item item = items.get(random.nextInt(items.size()));
      // Late trials take what there is.
      if (trial > 50 || queries.stream().allMatch(q -> q.cosine(item) < UNLIKE)) {
        queries.add(item);
      }
    }
    return queries;
  }

  private void printNeighbours(List<Item> items, Item query) {
    out.println("  " + Excerpt.quoted(query.text()));
    List<Item> neighbours =
        items.stream()
            .filter(item -> !item.text().equals(query.text()))
            .sorted(Comparator.comparingDouble(item -> -item.cosine(query)))
            .limit(NEIGHBOURS)
            .toList();
    for (Item item : neighbours) {
      out.printf("    %.3f  %s%n", item.cosine(query), Excerpt.quoted(item.text()));
    }
  }
}
