package io.embark.analysis.compare;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * What a comparison found, as one HTML page that needs nothing but itself: no scripts, no fonts, no
 * requests.
 */
public final class HtmlReport {
  private final Comparison comparison;
  private final StringBuilder page = new StringBuilder();

  private HtmlReport(Comparison comparison) {
    this.comparison = comparison;
  }

  /**
   * @param version of Embark
   */
  public static void write(Comparison comparison, String version, OutputStream out)
      throws IOException {
    HtmlReport report = new HtmlReport(comparison);
    report.page(version);
    out.write(report.page.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void page(String version) throws IOException {
    Scope scope = comparison.scope();
    add(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\""
            + " content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\""
            + " content=\"light dark\"><title>Which pooling: %s</title>\n<style>\n%s</style></head><body>\n",
        scope.model(), Raw.of(style()));
    add("<h1>Which pooling?</h1><p class=\"verdict\">%s</p>\n", sentence());
    add(
        "<p class=\"scope\">%s, vectors normalised: %s. %s Embark %s.</p>\n",
        scope.model(), scope.normalize(), measuredOn(scope), version);
    for (String note : scope.notes()) {
      add("<p class=\"scope\">%s.</p>\n", note);
    }
    for (Measure.Group group : Measure.Group.values()) {
      List<Measure> measures =
          comparison.measures().stream().filter(m -> m.group() == group).toList();
      if (!measures.isEmpty()) {
        group(group, measures);
      }
    }
    histograms();
    agreement();
    examples();
    add("</body></html>\n");
  }

  private String sentence() {
    return Recommendation.of(comparison).sentence();
  }

  private static String measuredOn(Scope scope) {
    StringBuilder words = new StringBuilder();
    if (scope.pairs() > 0) {
      words.append(String.format(Locale.ROOT, "%,d pairs with scores. ", scope.pairs()));
    }
    words.append(String.format(Locale.ROOT, "%,d texts", scope.rows()));
    if (scope.labels() > 0) {
      words.append(
          String.format(
              Locale.ROOT,
              ", %,d of them with one of %d labels",
              scope.labelled(),
              scope.labels()));
    }
    return words
        .append(
            String.format(
                Locale.ROOT,
                "; k-means with %d clusters and %d seeds; neighbours among %,d texts.",
                scope.clusters(),
                scope.seeds(),
                scope.neighbourRows()))
        .toString();
  }

  private void group(Measure.Group group, List<Measure> measures) {
    add("<section><h2>%s</h2>\n", group.title());
    boolean first = true;
    for (Measure measure : measures) {
      if (measure.better() == Measure.Better.MORE) {
        add(
            first ? "<h3>%s</h3>%s\n" : "<details><summary>%s</summary>%s</details>\n",
            title(measure),
            Raw.of(Charts.intervals(comparison.ranking(measure))));
        first = false;
      }
    }
    if (!first) {
      add(
          "<p class=\"key\">Dots: figures; lines: 95 %% intervals by %s. Grey: worse than the best"
              + " beyond noise (the interval of the difference leaves out 0).</p>\n",
          String.join(
              " and ",
              measures.stream()
                  .filter(m -> m.better() == Measure.Better.MORE)
                  .map(m -> m.spread().label())
                  .distinct()
                  .toList()));
    }
    add("<div class=\"wide\"><table><thead><tr><th></th>");
    measures.forEach(measure -> add("<th>%s</th>", title(measure)));
    add("</tr></thead><tbody>\n");
    for (Candidate candidate : comparison.inOrder()) {
      boolean own = comparison.scope().own().filter(candidate.name()::equals).isPresent();
      add("<tr><th>%s%s</th>", candidate.name(), own ? " (the model's own)" : "");
      for (Measure measure : measures) {
        add(
            "<td>%s</td>",
            comparison.figure(candidate, measure).map(f -> measure.print(f.value())).orElse("-"));
      }
      add("</tr>\n");
    }
    add("</tbody></table></div></section>\n");
  }

  private static String title(Measure measure) {
    return measure.title() + (measure.scale() == 100 ? " x100" : "");
  }

  private void histograms() {
    add(
        "<section><h2>How alike any two texts are</h2><p class=\"key\">Cosines of all pairs among %s"
            + " texts; near 1 for all pairs, vectors crowd in a narrow cone.</p><div class=\"many\">\n",
        String.format(Locale.ROOT, "%,d", comparison.scope().neighbourRows()));
    for (Candidate candidate : comparison.inOrder()) {
      for (Neighbours.Found found : comparison.neighbours().found()) {
        if (found.candidate().equals(candidate)) {
          add(
              "<figure>%s<figcaption>%s: mean %s, sd %s</figcaption></figure>\n",
              Raw.of(Charts.histogram(found)),
              candidate.name(),
              Measure.MEAN_COSINE.print(found.mean()),
              Measure.SD_COSINE.print(found.sd()));
        }
      }
    }
    add("</div></section>\n");
  }

  private void agreement() {
    List<Neighbours.Found> found = comparison.neighbours().found();
    if (found.size() < 2) {
      return;
    }
    add(
        "<section><h2>Neighbours in common</h2><p class=\"key\">Of the ten nearest texts by each of"
            + " two, the share that both find (mean Jaccard index, %%).</p><div class=\"wide\"><table><thead><tr><th></th>");
    found.forEach(f -> add("<th>%s</th>", f.candidate().name()));
    add("</tr></thead><tbody>\n");
    for (int a = 0; a < found.size(); a++) {
      add("<tr><th>%s</th>", found.get(a).candidate().name());
      for (int b = 0; b < found.size(); b++) {
        double share = a == b ? 1 : comparison.neighbours().agreement(a, b);
        add(
            "<td class=\"share\" style=\"--share:%s\">%s</td>",
            String.format(Locale.ROOT, "%.0f%%", 60 * share),
            a == b ? "" : String.format(Locale.ROOT, "%.0f", 100 * share));
      }
      add("</tr>\n");
    }
    add("</tbody></table></div></section>\n");
  }

  private void examples() {
    Examples examples = comparison.examples();
    if (examples.texts().isEmpty()) {
      return;
    }
    add(
        "<section><h2>Where neighbours differ</h2><p class=\"key\">Texts whose nearest texts %s and"
            + " %s, which agree least with it, share least.</p>\n",
        examples.first(), examples.second());
    for (Example example : examples.texts()) {
      add("<article><h3>%s</h3><div class=\"two\">", example.text());
      nearest(examples.first(), example.first());
      nearest(examples.second(), example.second());
      add("</div></article>\n");
    }
    add("</section>\n");
  }

  private void nearest(String name, List<String> texts) {
    add("<div><h4>%s</h4><ol>", name);
    texts.forEach(text -> add("<li>%s</li>", text));
    add("</ol></div>");
  }

  private static String style() throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream("compare.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Markup of our own, put into the page as it is. */
  private record Raw(String markup) {
    static Raw of(String markup) {
      return new Raw(markup);
    }
  }

  /** Everything but {@link Raw} is escaped: texts of users, names of models. */
  private void add(String markup, Object... values) {
    Object[] escaped = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      escaped[i] =
          values[i] instanceof Raw raw ? raw.markup() : Html.escape(String.valueOf(values[i]));
    }
    page.append(String.format(Locale.ROOT, markup, escaped));
  }
}
