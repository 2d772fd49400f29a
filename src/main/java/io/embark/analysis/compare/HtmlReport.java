package io.embark.analysis.compare;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Writes a comparison as one HTML page without scripts, fonts or requests. */
public final class HtmlReport {
  private final Comparison comparison;
  private final Html page = new Html();

  private HtmlReport(Comparison comparison) {
    this.comparison = comparison;
  }

  public static void write(Comparison comparison, String embarkVersion, OutputStream out)
      throws IOException {
    HtmlReport report = new HtmlReport(comparison);
    report.addAll(embarkVersion);
    out.write(report.page.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void addAll(String embarkVersion) throws IOException {
    Comparison.Scope scope = comparison.scope();
    page.add(
        "<!DOCTYPE html>\n"
            + "<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\""
            + " content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\""
            + " content=\"light dark\"><title>Which pooling: %s</title>\n"
            + "<style>\n"
            + "%s</style></head><body>\n",
        scope.model(), style());
    page.add(
        "<h1>Which pooling?</h1><p class=\"verdict\">%s</p>\n",
        Recommendation.of(comparison).sentence());
    page.add(
        "<p class=\"scope\">%s, vectors normalised: %s. %s Embark %s.</p>\n",
        scope.model(), scope.normalize(), measuredOn(scope), embarkVersion);
    for (String note : scope.notes()) {
      page.add("<p class=\"scope\">%s.</p>\n", note);
    }
    for (Measure.Group group : Measure.Group.values()) {
      List<Measure> measures = comparison.measures(group);
      if (!measures.isEmpty()) {
        page.add("<section><h2>%s</h2>\n", group.title);
        addCharts(measures.stream().filter(Measure::isRanked).toList());
        addTable(measures);
        page.add("</section>\n");
      }
    }
    addHistograms();
    addAgreement();
    addExamples();
    page.add("</body></html>\n");
  }

  /** The style sheet has per cent signs, and nothing to escape. */
  private static Html style() throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream("compare.css")) {
      return new Html()
          .add(new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("%", "%%"));
    }
  }

  private static String measuredOn(Comparison.Scope scope) {
    String pairs = scope.pairs() > 0 ? format("%,d pairs with scores. ", scope.pairs()) : "";
    String labels =
        scope.labels() > 0
            ? format(", %,d of them with one of %d labels", scope.labelled(), scope.labels())
            : "";
    return format(
        "%s%,d texts%s; k-means with %d clusters and %d seeds; neighbours among %,d texts.",
        pairs, scope.rows(), labels, scope.clusters(), scope.seeds(), scope.neighbourRows());
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }

  /** The first chart open, the others folded. */
  private void addCharts(List<Measure> ranked) {
    if (ranked.isEmpty()) {
      return;
    }
    String markup = "<h3>%s</h3>%s\n";
    for (Measure measure : ranked) {
      page.add(markup, measure.scaledTitle(), Charts.intervals(comparison.ranking(measure)));
      markup = "<details><summary>%s</summary>%s</details>\n";
    }
    page.add(
        "<p class=\"key\">Dots: figures; lines: 95 %% intervals by %s. Grey: worse than the best"
            + " beyond noise (the interval of the difference leaves out 0).</p>\n",
        ranked.stream().map(m -> m.spread.label).distinct().collect(Collectors.joining(" and ")));
  }

  private void addTable(List<Measure> measures) {
    page.add("<div class=\"wide\"><table><thead><tr><th></th>");
    measures.forEach(measure -> page.add("<th>%s</th>", measure.scaledTitle()));
    page.add("</tr></thead><tbody>\n");
    for (Candidate candidate : comparison.inOrder()) {
      String own = comparison.isOwn(candidate) ? " (the model's own)" : "";
      page.add("<tr><th>%s%s</th>", candidate.name(), own);
      measures.forEach(m -> page.add("<td>%s</td>", comparison.print(candidate, m)));
      page.add("</tr>\n");
    }
    page.add("</tbody></table></div>");
  }

  private void addHistograms() {
    page.add(
        "<section><h2>How alike any two texts are</h2><p class=\"key\">Cosines of all pairs among"
            + " %,d texts; near 1 for all pairs, vectors crowd in a narrow cone.</p><div"
            + " class=\"many\">\n",
        comparison.scope().neighbourRows());
    List<Neighbours.Found> found = new ArrayList<>(comparison.neighbours().found());
    List<Candidate> order = comparison.inOrder();
    found.sort(Comparator.comparingInt(f -> order.indexOf(f.candidate())));
    for (Neighbours.Found of : found) {
      page.add(
          "<figure>%s<figcaption>%s: mean %s, sd %s</figcaption></figure>\n",
          Charts.histogram(of),
          of.candidate().name(),
          Measure.MEAN_COSINE.print(of.mean()),
          Measure.SD_COSINE.print(of.sd()));
    }
    page.add("</div></section>\n");
  }

  private void addAgreement() {
    List<Neighbours.Found> found = comparison.neighbours().found();
    if (found.size() < 2) {
      return;
    }
    page.add(
        "<section><h2>Neighbours in common</h2><p class=\"key\">Of the ten nearest texts by each of"
            + " two, the share that both find (mean Jaccard index, %%).</p><div"
            + " class=\"wide\"><table><thead><tr><th></th>");
    found.forEach(f -> page.add("<th>%s</th>", f.candidate().name()));
    page.add("</tr></thead><tbody>\n");
    for (int a = 0; a < found.size(); a++) {
      page.add("<tr><th>%s</th>", found.get(a).candidate().name());
      for (int b = 0; b < found.size(); b++) {
        double fraction = a == b ? 1 : comparison.neighbours().agreement(a, b);
        page.add(
            "<td class=\"share\" style=\"--share:%.0f%%\">%s</td>",
            60 * fraction, a == b ? "" : format("%.0f", 100 * fraction));
      }
      page.add("</tr>\n");
    }
    page.add("</tbody></table></div></section>\n");
  }

  private void addExamples() {
    Neighbours.Examples examples = comparison.examples();
    if (examples.texts().isEmpty()) {
      return;
    }
    page.add(
        "<section><h2>Where neighbours differ</h2><p class=\"key\">Texts whose nearest texts %s and"
            + " %s, which agree least with it, share least.</p>\n",
        examples.first(), examples.second());
    for (Neighbours.Example example : examples.texts()) {
      page.add("<article><h3>%s</h3><div class=\"two\">", example.text());
      addNearest(examples.first(), example.first());
      addNearest(examples.second(), example.second());
      page.add("</div></article>\n");
    }
    page.add("</section>\n");
  }

  private void addNearest(String name, List<String> texts) {
    page.add("<div><h4>%s</h4><ol>", name);
    texts.forEach(text -> page.add("<li>%s</li>", text));
    page.add("</ol></div>");
  }

  /** HTML or SVG markup that shows any text as it is, whatever is in it. */
  static final class Html {
    /** Control characters but white space, and lone surrogates. */
    private static final Pattern NOT_IN_HTML = Pattern.compile("[\\p{Cc}\\p{Cs}&&[^\\t\\n\\r]]");

    private final StringBuilder markup = new StringBuilder();

    /** Adds markup as {@link String#format} does; strings among the values are escaped. */
    Html add(String format, Object... values) {
      Object[] escaped =
          Arrays.stream(values).map(v -> v instanceof String text ? escape(text) : v).toArray();
      markup.append(String.format(Locale.ROOT, format, escaped));
      return this;
    }

    @Override
    public String toString() {
      return markup.toString();
    }

    /** For text between tags and in quoted attributes. */
    static String escape(String text) {
      return NOT_IN_HTML
          .matcher(text)
          .replaceAll("\uFFFD")
          .replace("&", "&amp;")
          .replace("<", "&lt;")
          .replace(">", "&gt;")
          .replace("\"", "&quot;")
          .replace("'", "&#39;");
    }
  }
}
