package io.embark.cli.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.analysis.cluster.Clustering;
import io.embark.analysis.cluster.DistinctiveTerms;
import io.embark.analysis.cluster.Members;
import io.embark.analysis.cluster.NearDuplicates;
import io.embark.browser.Chromium;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page of a clustering, opened in a browser without a network where there is a browser. */
class ClusterPageTest {
  private static final String HOSTILE =
      "</script><img src=x onerror=\"document.title='owned'\"><!-- <script>document.title='owned'";

  /**
   * Uses the page as a person would and leaves what came of it in an element. It stands before the
   * page's own script, so that it hears of errors there.
   */
  private static final String PROBE =
      """
      <script>
      const errors = [];
      addEventListener("error", e => errors.push(e.message), true);
      addEventListener("securitypolicyviolation", e => errors.push(e.blockedURI));
      console.error = (...all) => errors.push(all.join(" "));
      addEventListener("load", () => {
        const found = {};
        const circles = [...document.querySelectorAll("#map circle")];
        const tip = document.getElementById("tip");
        found.circles = circles.length;
        found.colours = new Set(circles.map(c => getComputedStyle(c).fill)).size;
        found.hiddenAtFirst = tip.hidden;
        circles[0].dispatchEvent(new MouseEvent("mousemove", {clientX: 50, clientY: 50}));
        found.tip = tip.hidden ? null : tip.textContent;
        circles[0].dispatchEvent(new MouseEvent("mouseleave"));
        found.hiddenAfter = tip.hidden;
        const search = document.getElementById("search");
        search.value = "TEXT 2";
        search.dispatchEvent(new Event("input"));
        found.hits = document.getElementById("hits").textContent;
        found.marked = document.querySelectorAll("#map circle.hit").length;
        search.value = "";
        search.dispatchEvent(new Event("input"));
        document.querySelector("#clusters tr").click();
        found.faded = document.querySelectorAll("#map circle.off").length;
        document.querySelector("#clusters tr").click();
        found.rows = document.querySelectorAll("#clusters tr").length;
        found.choices = document.querySelectorAll("#choices tr").length;
        found.background = getComputedStyle(document.body).backgroundColor;
        found.images = document.images.length;
        found.title = document.title;
        found.errors = errors;
        const left = document.createElement("pre");
        left.id = "probe";
        left.textContent = JSON.stringify(found);
        document.body.append(left);
      });
      </script>
      </head>\
      """;

  @TempDir Path directory;

  private static ClusterReport report() {
    List<ClusterReport.Cluster> clusters = new ArrayList<>();
    for (int c = 0; c < 3; c++) {
      clusters.add(
          new ClusterReport.Cluster(
              c,
              10,
              0.8,
              0.2,
              List.of(new DistinctiveTerms.Term(c == 1 ? HOSTILE : "term", 0.1, 2)),
              List.of(new Members.Medoid("id", c == 1 ? HOSTILE : null, 0.1)),
              c == 1 ? 2 : 0,
              c == 1 ? List.of(new NearDuplicates.Group(2, List.of(HOSTILE))) : List.of()));
    }
    List<Clustering.Choice> choices =
        List.of(new Clustering.Choice(2, Double.NaN, 9), new Clustering.Choice(3, 0.5, 4));
    ClusterReport.Chosen chosen = new ClusterReport.Chosen(3, "best", 0.5, 30, choices, 3);
    return new ClusterReport(
        "test", "table", "v", "kmeans", "cosine", 1, chosen, 30, 1, 30, null, true, clusters);
  }

  private static ClusterPage.Plane map() {
    List<ClusterPage.Plane.Point> points = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      String text = i == 0 ? HOSTILE : i == 1 ? null : "text " + i;
      points.add(new ClusterPage.Plane.Point(i, i * i, i % 3, text));
    }
    return new ClusterPage.Plane(0.4, points);
  }

  private static String page() throws IOException {
    return new String(ClusterPage.of(report(), map()), StandardCharsets.UTF_8);
  }

  @Test
  void asksForNothingAndHoldsTextsAsData() throws IOException {
    String page = page();
    assertThat(page)
        .contains("default-src 'none'")
        .doesNotContain("<img")
        .doesNotContain("onerror=\"document")
        .doesNotContain("<!-- <script")
        .doesNotContain("innerHTML")
        .doesNotContainPattern("(src|href)\\s*=\\s*[\"']?https?:");
    // The JSON element is the page's only place for texts, and it ends where it should.
    assertThat(page.split("</script>", -1)).hasSize(3);
  }

  @ParameterizedTest
  @EnumSource(Chromium.Scheme.class)
  void worksInABrowserWithoutANetwork(Chromium.Scheme scheme)
      throws IOException, InterruptedException {
    Chromium browser = Chromium.orSkip();
    Path file =
        Files.writeString(directory.resolve("probed.html"), page().replace("</head>", PROBE));
    String dom = browser.open(file, directory, scheme);
    Matcher left = Pattern.compile("<pre id=\"probe\">(.*?)</pre>", Pattern.DOTALL).matcher(dom);
    assertThat(left.find()).as(dom).isTrue();
    String found = left.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    JsonNode probe = new ObjectMapper().readTree(found);

    assertThat(probe.get("errors")).as(found).isEmpty();
    assertThat(probe.get("title").asText()).isEqualTo("Clusters");
    assertThat(probe.get("background").asText())
        .isEqualTo(scheme == Chromium.Scheme.LIGHT ? "rgb(255, 255, 255)" : "rgb(20, 23, 28)");
    assertThat(probe.get("images").asInt()).isZero();
    assertThat(probe.get("circles").asInt()).isEqualTo(30);
    assertThat(probe.get("colours").asInt()).isEqualTo(3);
    assertThat(probe.get("hiddenAtFirst").asBoolean()).isTrue();
    assertThat(probe.get("tip").asText()).isEqualTo("0: " + HOSTILE);
    assertThat(probe.get("hiddenAfter").asBoolean()).isTrue();
    // "text 2" and "text 20" to "text 29".
    assertThat(probe.get("hits").asText()).isEqualTo("11 of 30 points");
    assertThat(probe.get("marked").asInt()).isEqualTo(11);
    assertThat(probe.get("faded").asInt()).isEqualTo(20);
    assertThat(probe.get("rows").asInt()).isEqualTo(3);
    assertThat(probe.get("choices").asInt()).isEqualTo(2);
  }
}
