package io.embark.analysis.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.analysis.compare.EmbeddingPass.Candidate;
import io.embark.browser.Chromium;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The HTML page, as text and in a browser where there is one. */
class ReportPageTest {
  private static final String NASTY =
      "<script>document.title='broken'</script> & \"quoted\" 100 %s";
  @TempDir Path directory;

  private static Comparison comparison() {
    List<Candidate> candidates = List.of(new Candidate("mean", 3), new Candidate("cls", 3));
    List<Figure> figures = new ArrayList<>();
    List<Neighbours.Found> found = new ArrayList<>();
    for (Candidate candidate : candidates) {
      double value = candidate.name().equals("mean") ? 0.8672 : 0.7973;
      for (Measure measure : Measure.values()) {
        double[] replicates =
            measure.spread == Measure.Spread.NONE
                ? new double[0]
                : new double[] {value - 0.01, value, value + 0.01};
        figures.add(new Figure(candidate, measure, value, replicates));
      }
      long[] histogram = new long[Neighbourhood.BARS];
      histogram[50] = 40;
      histogram[60] = 10;
      found.add(new Neighbours.Found(candidate, 0.3, 0.1, 1, histogram, new int[][] {{1}, {0}}));
    }
    Comparison.Scope scope =
        new Comparison.Scope(
            "builtin:a<b", "f", "l2", Optional.of("mean"), 1500, 2, 2, 2, 20, 3, 2, List.of(NASTY));
    Neighbours.Example example =
        new Neighbours.Example(NASTY, List.of("one", NASTY), List.of("two"));
    return new Comparison(
        scope,
        candidates,
        figures,
        new Neighbours(List.of(0L, 1L), found),
        new Neighbours.Examples("mean", "cls", List.of(example)));
  }

  private static String page() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    HtmlReport.write(comparison(), "1", out);
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void thePageAsksForNothingAndEscapesWhatItShows() throws Exception {
    String page = page();
    assertThat(page)
        .contains("86.72", "79.73", "Use mean, as the model itself does", "builtin:a&lt;b")
        .contains(
            "&lt;script&gt;document.title=&#39;broken&#39;&lt;/script&gt; &amp; &quot;quoted&quot;"
                + " 100 %s")
        .contains("prefers-color-scheme: dark")
        .doesNotContain("<script", "http:", "https:", "url(", "@import", "src=", "NaN");
    Matcher svg = Pattern.compile("<svg.*?</svg>").matcher(page);
    int charts = 0;
    while (svg.find()) {
      charts++;
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new java.io.ByteArrayInputStream(svg.group().getBytes(StandardCharsets.UTF_8)));
    }
    assertThat(charts).isEqualTo(8 + 4 + 4 + 2);
  }

  @Test
  void whatNoPageMayHoldIsReplaced() {
    assertThat(HtmlReport.Html.escape("a\u0000b\u0085c\ud800d\n\ud83d\ude00"))
        .isEqualTo("a\ufffdb\ufffdc\ufffdd\n\ud83d\ude00");
  }

  /** In the browser the text stays text, charts have a size, and no request leaves. */
  @ParameterizedTest
  @EnumSource(Chromium.Scheme.class)
  @Timeout(120)
  void aBrowserShowsIt(Chromium.Scheme scheme) throws Exception {
    Chromium browser = Chromium.orSkip();
    Path file = directory.resolve("compare.html");
    // Said by the page itself, for the DOM that Chromium prints has no sizes.
    String probe =
        "<script>addEventListener('load',()=>{document.querySelectorAll('details').forEach(d=>d.open=true);const"
            + " s=[...document.querySelectorAll('svg')];"
            + "document.body.dataset.shown=s.filter(e=>e.getBoundingClientRect().height>50).length;"
            + "document.body.dataset.back=getComputedStyle(document.body).backgroundColor;"
            + "document.body.dataset.wide=document.documentElement.scrollWidth>innerWidth;"
            + "document.body.dataset.requests=performance.getEntriesByType('resource').length;})</script>";
    Files.writeString(file, page().replace("</body>", probe + "</body>"));
    String shown = browser.open(file, directory, scheme);
    assertThat(shown)
        .contains(
            "data-wide=\"false\"",
            "data-requests=\"0\"",
            scheme == Chromium.Scheme.LIGHT
                ? "data-back=\"rgb(255, 255, 255)\""
                : "data-back=\"rgb(20, 24, 29)\"",
            "<title>Which pooling: builtin:a&lt;b</title>");
    Matcher charts = Pattern.compile("data-shown=\"(\\d+)\"").matcher(shown);
    assertThat(charts.find()).isTrue();
    assertThat(Integer.parseInt(charts.group(1))).isEqualTo(8 + 4 + 4 + 2);
  }
}
