package io.embark.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.dflib.jjava.jupyter.kernel.display.RenderContext;
import org.dflib.jjava.jupyter.kernel.display.Renderer;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** The first rows of a {@code Dataset} as a table, long texts and vectors cut. */
final class DatasetTable {
  private static final int ROWS = 20;
  private static final int TEXT = 120;
  private static final int VALUES = 3;

  private static final MIMEType HTML = MIMEType.parse("text/html");
  private static final MIMEType PLAIN = MIMEType.parse("text/plain");

  private final List<String> names;
  private final List<List<String>> rows;
  private final boolean more;

  private DatasetTable(Dataset<?> dataset) {
    names = List.of(dataset.columns());
    List<Row> first = dataset.toDF().takeAsList(ROWS + 1);
    more = first.size() > ROWS;
    rows =
        first.stream()
            .limit(ROWS)
            .map(row -> IntStream.range(0, row.size()).mapToObj(i -> shown(row.get(i))).toList())
            .toList();
  }

  static void register(Renderer renderer) {
    renderer
        .createRegistration(Dataset.class)
        .preferring(HTML, PLAIN)
        .register(DatasetTable::render);
  }

  private static void render(Dataset<?> dataset, RenderContext context) {
    DatasetTable table = new DatasetTable(dataset);
    context.renderIfRequested(HTML, table::html);
    context.renderIfRequested(PLAIN, table::plain);
  }

  private static String shown(Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof Vector vector) {
      return numbers(vector.toArray());
    }
    if (value instanceof Seq<?> seq) {
      List<?> values = JavaConverters.seqAsJavaList(seq);
      return !values.isEmpty() && values.get(0) instanceof Number
          ? numbers(values.stream().mapToDouble(v -> ((Number) v).doubleValue()).toArray())
          : cut(values.toString());
    }
    if (value instanceof Double || value instanceof Float) {
      return String.format(Locale.ROOT, "%.4f", ((Number) value).doubleValue());
    }
    return value instanceof byte[] bytes ? bytes.length + " bytes" : cut(value.toString());
  }

  private static String numbers(double[] values) {
    String first =
        Arrays.stream(values)
            .limit(VALUES)
            .mapToObj(value -> String.format(Locale.ROOT, "%.3f, ", value))
            .collect(Collectors.joining());
    return "[%s%s%d values]".formatted(first, values.length > VALUES ? "... " : "", values.length);
  }

  private static String cut(String text) {
    String line = text.replaceAll("\\s+", " ");
    int end = line.offsetByCodePoints(0, Math.min(TEXT, line.codePointCount(0, line.length())));
    return end == line.length() ? line : line.substring(0, end) + "…";
  }

  private String html() {
    StringBuilder html = new StringBuilder("<table><thead><tr>");
    names.forEach(name -> html.append("<th>").append(escape(name)).append("</th>"));
    html.append("</tr></thead><tbody>\n");
    for (List<String> row : rows) {
      html.append("<tr>");
      row.forEach(
          cell ->
              html.append("<td style=\"text-align:left\">").append(escape(cell)).append("</td>"));
      html.append("</tr>\n");
    }
    html.append("</tbody></table>");
    return (more ? html.append("<p>The first ").append(ROWS).append(" rows.</p>") : html)
        .toString();
  }

  private String plain() {
    StringBuilder text = new StringBuilder(String.join(" | ", names));
    rows.forEach(row -> text.append('\n').append(String.join(" | ", row)));
    return more ? text.append("\n...").toString() : text.toString();
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
